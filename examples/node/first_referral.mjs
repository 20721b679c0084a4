// The first referral: a practice, a patient, a partner's portal, a draft that is sent, and the word that it is delivered.
// HANDOFF_URL=amqp://… PORTAL=http://… node first_referral.mjs
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Rpc } from './rpc_client.mjs'

const org = 'my_practice'
const rpc = new Rpc(process.env.HANDOFF_URL)
const command = (operation, body) => rpc.call('referrals.commands', operation, { org_id: org, ...body })
const now = new Date().toISOString()

// Who refers, and whom: owned by your own system, mirrored here.
await command('practice.put', { name: 'My Family Dental', observed_at: now })
const patient = await command('patient.put', { patient_uuid: randomUUID(), name: 'Sample Eve', observed_at: now })
const partner = await command('referral_partner.create', {
  contact_type: 'practice',
  practice_name: 'Sample Oral Surgery',
  accepts_ereferral: true,
  ereferral_endpoint: process.env.PORTAL
})
const draft = await command('referral.create', {
  patient_uuid: patient.id,
  referral_partner_uuid: partner.id,
  reason: 'Impacted lower right third molar; please assess for removal.',
  teeth: ['32']
})
// What is sent is frozen now; `base_version` says which version you have seen.
let sent = await command('referral.send', { referral_uuid: draft.id, base_version: draft.version })
while (sent.dispatch_status !== 'delivered') {
  await pause(200)
  sent = await rpc.call('referrals.queries', 'referral.get', { org_id: org, referral_uuid: draft.id })
}
console.log(`${sent.reference} is delivered`)
await rpc.close()
