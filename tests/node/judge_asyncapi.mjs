// The official AsyncAPI parser: prints each file's diagnostics as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const parser = new Parser();
const told = {};
for (const path of process.argv.slice(2)) {
  const { document, diagnostics } = await parser.parse(readFileSync(path, "utf8"));
  told[path] = {
    parsed: document !== undefined,
    diagnostics: diagnostics.map(({ code, path: at, message }) => ({ code, at: at.join("."), message })),
  };
}
console.log(JSON.stringify(told));
