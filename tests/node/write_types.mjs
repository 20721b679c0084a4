// Types of TypeScript from the schemas: argument 1 is docs/schemas/handoff.json, standard input the operations and
// events by name. Prints the module as a JSON string.
import { readFileSync } from 'node:fs'
import { compile } from 'json-schema-to-typescript'

const schema = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const { operations, events } = JSON.parse(readFileSync(0, 'utf8'))
const banner = '// Generated from docs/schemas by `make schemas`: changed there, never by hand.'
const options = { unreachableDefinitions: true, additionalProperties: false, bannerComment: banner }
const types = (await compile({ $defs: schema.$defs }, 'Handoff', options))
  // Which definition a type is of, its name says; the type of the whole bundle says nothing.
  .replaceAll(/ \*\n \* This interface was referenced by `Handoff`'s JSON-Schema\n \* via the `definition` "[^"]*"\.\n/g, '')
  .replaceAll(/\/\*\*\n \* This interface was referenced by `Handoff`'s JSON-Schema\n \* via the `definition` "[^"]*"\.\n \*\/\n/g, '')
  .replaceAll(/ +\*\n +\* This interface was referenced by `undefined`'s JSON-Schema definition\n +\* via the `patternProperty` "[^"]*"\.\n/g, '')
  .replaceAll(/ +\/\*\*\n +\* This interface was referenced by `undefined`'s JSON-Schema definition\n +\* via the `patternProperty` "[^"]*"\.\n +\*\/\n/g, '')
  .replace(/export interface Handoff \{[^}]*\}\n/, '')
const named = title => title.split(/[^A-Za-z0-9]+/).map(part => part[0].toUpperCase() + part.slice(1)).join('')
const lines = [
  '/** Each operation by its routing key: where it is published, what is sent, what comes back. */',
  'export interface Operations {',
  ...Object.entries(operations).map(([name, { exchange, request }]) =>
    `  ${JSON.stringify(name)}: { exchange: ${JSON.stringify(exchange)}; request: ${named(request)}; reply: ${named(`Reply to ${name}`)} }`),
  '}',
  '/** Each event by its type: a CloudEvent with its `data`. */',
  'export interface Events {',
  ...events.map(name => `  ${JSON.stringify(name)}: ${named(`Event ${name}`)}`),
  '}'
]
console.log(JSON.stringify(`${types.trimEnd()}\n${lines.join('\n')}\n`))
