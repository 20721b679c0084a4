// A partner's portal: it verifies each request, takes each once, and stores before it answers.
// node portal.mjs whsec_… portal.sqlite
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'

const [secret, path] = process.argv.slice(2)
const webhook = new Webhook(secret)
const database = new DatabaseSync(path)
// By `webhook-id`: the same in every repeat.
database.exec(`CREATE TABLE IF NOT EXISTS request (
  webhook_id TEXT PRIMARY KEY, referral TEXT, status TEXT, letter BLOB)`)
const LARGEST_BYTES = 32 * 1024 * 1024

// The referral's id, its status (`revoked`: it is taken back), and the letter.
function whatMatters (bundle) {
  const resources = Object.fromEntries(bundle.entry.map(({ resource }) => [resource.resourceType, resource]))
  const { ServiceRequest: asked, DocumentReference: letter } = resources
  const pdf = letter ? Buffer.from(letter.content[0].attachment.data, 'base64') : null
  return [asked.identifier[0].value, asked.status, pdf]
}

function answer (response, status, code) {
  if (status === 200) return response.writeHead(200).end()
  response.writeHead(status, { 'Content-Type': 'application/fhir+json' })
  response.end(JSON.stringify({ resourceType: 'OperationOutcome', issue: [{ severity: 'information', code }] }))
}

// 401 unsigned, 409 for a repeat, else 200.
function take (headers, body, response) {
  let bundle
  try {
    bundle = webhook.verify(body.toString(), headers)
  } catch (error) {
    if (error instanceof WebhookVerificationError) return answer(response, 401, 'security')
    throw error
  }
  const { changes } = database.prepare('INSERT OR IGNORE INTO request VALUES (?, ?, ?, ?)')
    .run(headers['webhook-id'], ...whatMatters(bundle))
  return changes ? answer(response, 200) : answer(response, 409, 'duplicate')
}

const server = createServer((request, response) => {
  const parts = []
  let size = 0
  request.on('data', part => {
    size += part.length
    if (size > LARGEST_BYTES) return answer(response, 413, 'too-long')
    parts.push(part)
  })
  request.on('end', () => {
    if (response.writableEnded) return
    try {
      take(request.headers, Buffer.concat(parts), response)
    } catch { answer(response, 500, 'exception') } // it comes again
  })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`))
