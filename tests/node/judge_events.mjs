// The official CloudEvents SDK, in its strict mode: reads one structured event a line.
import { createInterface } from "node:readline";
import { HTTP } from "cloudevents";

for await (const line of createInterface({ input: process.stdin })) {
  const message = { headers: { "content-type": "application/cloudevents+json" }, body: line };
  try {
    const event = HTTP.toEvent(message);
    event.validate();
    console.log(JSON.stringify({ type: event.type, subject: event.subject, data: event.data }));
  } catch (error) {
    console.log(JSON.stringify({ refused: String(error.message), why: error.errors ?? null }));
  }
}
