// Writes the JSON Schema of policy files, which is shipped for editors to complete them.
// `node -C sluice-source scripts/policySchema.ts`; a test of core compares it with the code.
import { writeFileSync } from "node:fs"
import * as Policies from "../packages/core/src/Policies.ts"

const target = new URL("../packages/core/schemas/policies.schema.json", import.meta.url)
writeFileSync(target, `${JSON.stringify(Policies.jsonSchema(), undefined, 2)}\n`)
