// A client: it makes a partner once, changes it on what it read, and lists them all.
// HANDOFF_URL=amqp://… node rpc_client.mjs ORG NAME
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import amqp from 'amqplib'

export class Rpc {
  #url; #waiting = new Map(); #opening; #connection
  constructor (url) { this.#url = url }

  // The reply's data. A lost connection is made anew and the request sent again under its message id: one effect.
  async call (exchange, operation, body, { messageId = randomUUID(), deadlineMs = 30_000 } = {}) {
    for (const until = Date.now() + deadlineMs; Date.now() < until; await pause(200)) {
      const { status, data, problem, lost } = await this.#ask(exchange, operation, body, messageId, until - Date.now())
      if (lost) continue
      if (status >= 400) throw Object.assign(new Error(`${operation}: ${status} ${problem?.code}`), { status, problem })
      return data
    }
    throw new Error(`no reply to ${operation}; it may be done: ask again with ${messageId}`)
  }

  async * readAll (exchange, operation, body) { // a row that is there throughout comes exactly once
    for (let cursor = ''; cursor !== null;) {
      const stretch = await this.call(exchange, operation, { ...body, cursor, page_size: 200 })
      yield * stretch.items
      cursor = stretch.next_cursor
    }
  }

  async close () { await this.#connection?.close() }

  async #open () {
    this.#connection = await amqp.connect(this.#url, { heartbeat: 10 })
    this.#connection.on('error', () => {})
    const channel = await this.#connection.createConfirmChannel()
    const told = (message, reply) => this.#waiting.get(message.properties.correlationId)?.(reply)
    channel.on('return', message => told(message, { status: 503, problem: { code: 'nobody_listens' } }))
    channel.on('error', () => {})
    channel.on('close', () => { this.#opening = undefined; for (const tell of this.#waiting.values()) tell({ lost: true }) })
    await channel.consume('amq.rabbitmq.reply-to', message => told(message, JSON.parse(message.content)), { noAck: true })
    return channel
  }

  async #ask (exchange, operation, body, messageId, timeoutMs) {
    const channel = await (this.#opening ??= this.#open()).catch(() => { this.#opening = undefined })
    const correlationId = randomUUID()
    try {
      return await new Promise(resolve => {
        this.#waiting.set(correlationId, resolve)
        pause(timeoutMs, undefined, { ref: false }).then(() => resolve({ lost: true }))
        if (!channel) return resolve({ lost: true })
        channel.publish(exchange, operation, Buffer.from(JSON.stringify(body)), {
          messageId, correlationId, replyTo: 'amq.rabbitmq.reply-to', contentType: 'application/json',
          userId: decodeURIComponent(new URL(this.#url).username || 'guest'), persistent: true, mandatory: true
        })
      })
    } catch { return { lost: true } } finally { this.#waiting.delete(correlationId) }
  }
}

async function main (org, name) {
  const rpc = new Rpc(process.env.HANDOFF_URL)
  const command = (operation, body, more) => rpc.call('referrals.commands', `referral_partner.${operation}`, { org_id: org, ...body }, more)
  const print = value => console.log(JSON.stringify(value))
  const messageId = randomUUID() // kept before the first try: the same again, even days later, makes no second partner
  const given = { contact_type: 'practice', practice_name: name }
  const made = await command('create', given, { messageId })
  const again = await command('create', given, { messageId })
  print({ made: made.practice_name, same: made.id === again.id })
  for (let seen = made, changed; !changed;) { // where somebody was quicker: read again, and decide anew
    const named = { referral_partner_uuid: seen.id }
    const notes = `${seen.notes ?? ''} Closed on Fridays.`.trim()
    changed = await command('update', { ...named, base_version: seen.version, notes })
      .catch(refused => { if (refused.problem?.code !== 'version_conflict') throw refused })
    if (changed) print({ notes: changed.notes, version: changed.version })
    else seen = await rpc.call('referrals.queries', 'referral_partner.get', { org_id: org, ...named })
  }
  await command('create', { npi: '1234567890' }).catch(({ problem }) => print({ refused: problem.errors.map(one => one.loc[0]).sort() }))
  const partners = []
  for await (const one of rpc.readAll('referrals.queries', 'referral_partner.list', { org_id: org })) partners.push(one.practice_name)
  print({ partners: partners.sort() })
  await rpc.close()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(...process.argv.slice(2))
