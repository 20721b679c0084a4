// A CRM's own table of contacts, and of who sent whom: current from the start, and kept so.
// HANDOFF_URL=amqp://… node crm_subscriber.mjs ORG crm.sqlite
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import amqp from 'amqplib'
import { HTTP } from 'cloudevents'
import { Rpc } from './rpc_client.mjs'

const [org, path] = process.argv.slice(2)
const url = process.env.HANDOFF_URL
const queue = `events.${decodeURIComponent(new URL(url).username || 'guest')}.crm_node_${org}`
const rpc = new Rpc(url)
const database = new DatabaseSync(path)
database.exec(`
CREATE TABLE IF NOT EXISTS contact (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS contact_referral (id TEXT PRIMARY KEY, referred_by TEXT, referred_to TEXT);
CREATE TABLE IF NOT EXISTS position (id TEXT PRIMARY KEY, resource TEXT, version INTEGER, gone INTEGER);
CREATE VIEW IF NOT EXISTS contact_with_count AS SELECT c.id, c.name, count(r.id) AS referrals
  FROM contact c LEFT JOIN contact_referral r ON r.referred_by = c.id GROUP BY c.id, c.name;`)
const write = (statement, ...values) => database.prepare(statement).run(...values)

// Rows and positions in one transaction: what is older or comes again changes nothing.
function apply (resource, id, version, data, gone) {
  const known = database.prepare('SELECT version, gone FROM position WHERE id = ?').get(id)
  if (known && (version < known.version || (version === known.version && (!gone || known.gone)))) return
  database.exec('BEGIN IMMEDIATE')
  write('INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?)', id, resource, version, gone ? 1 : 0)
  if (gone) write(`DELETE FROM ${resource} WHERE id = ?`, id)
  else if (resource === 'contact') write('INSERT OR REPLACE INTO contact VALUES (?, ?)', id, data.name)
  else write('INSERT OR REPLACE INTO contact_referral VALUES (?, ?, ?)', id, data.referred_by.uuid, data.referred_to.uuid)
  database.exec('COMMIT')
}

async function read (resource, lists) { // what was known and is in no list any more, is gone
  const before = database.prepare('SELECT id, version FROM position WHERE resource = ? AND NOT gone').all(resource)
  const seen = new Set()
  for (const body of lists) {
    for await (const item of rpc.readAll('referrals.queries', `${resource}.list`, { org_id: org, ...body })) {
      seen.add(item.id)
      apply(resource, item.id, item.version, item, false)
    }
  }
  for (const { id, version } of before) if (!seen.has(id)) apply(resource, id, version, null, true)
  return [...seen]
}

async function keepUp () {
  const connection = await amqp.connect(url, { heartbeat: 10 })
  const ended = new Promise(resolve => connection.on('error', () => {}).on('close', resolve))
  const channel = await connection.createChannel()
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 } })
  for (const key of ['contact.*', 'contact_referral.*']) await channel.bindQueue(queue, 'referrals.events', key)
  // Bound first, read then; what is newer waits in the queue meanwhile. Read at each start: it is cheap, and needs no mark.
  const contacts = await read('contact', [{}])
  await read('contact_referral', contacts.map(contact_uuid => ({ contact_uuid })))
  console.log('current')
  await channel.prefetch(100)
  await channel.consume(queue, message => {
    if (!message) return connection.close()
    const event = HTTP.toEvent({ headers: { 'content-type': message.properties.contentType }, body: message.content.toString() })
    const [resource, verb] = event.type.split('.')
    if (event.orgid === org) apply(resource, event.subject, event.aggregateversion, event.data, verb === 'archived')
    channel.ack(message)
  })
  await ended
}

for (;;) { // over restarts of the broker
  await keepUp().catch(error => console.error(`again in 0.5 s: ${error.message}`))
  await pause(500)
}
