// What a program in TypeScript does with the types; the compiler alone reads it.
import type { Contact, Events, Operations, Problem, ReferralPartnerCreate } from 'handoff-types'

type Name = keyof Operations
declare function call<N extends Name>(
  exchange: Operations[N]['exchange'], operation: N, body: Operations[N]['request']
): Promise<Operations[N]['reply']>

export async function named(uuid: string): Promise<string | Problem> {
  const reply = await call('referrals.queries', 'contact.get', { org_id: 'demo', contact_uuid: uuid })
  if ('problem' in reply) return reply.problem
  const contact: Contact = reply.data
  return contact.patient?.name ?? contact.name
}

export function heard(event: Events['contact.put'] | Events['referral.sent']): string | null {
  if (event.type === 'contact.put') return event.data.name
  return event.data.reference
}

export const partner: ReferralPartnerCreate = { org_id: 'demo', contact_type: 'lab', practice_name: 'Demo Lab' }

// @ts-expect-error commands have another exchange
call('referrals.queries', 'contact.put', { org_id: 'demo', contact_uuid: '', name: 'Ann', observed_at: '' })
// @ts-expect-error name is required
call('referrals.commands', 'contact.put', { org_id: 'demo', contact_uuid: '', observed_at: '' })
// @ts-expect-error there is no such kind
export const wrong: ReferralPartnerCreate = { org_id: 'demo', contact_type: 'hospital' }
// @ts-expect-error there is no such field
export const unknown: ReferralPartnerCreate = { org_id: 'demo', nickname: 'Demo' }
