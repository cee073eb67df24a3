// The engines of core keep the contract.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as SyncEngine from "@sluice/core/SyncEngine"
import { engineConformance, reactiveStreamsConformance } from "../../src/Conformance.ts"

engineConformance({ name: "async", makeEngine: () => AsyncEngine.make() })

engineConformance({ name: "sync", makeEngine: () => SyncEngine.make(), clock: "virtual" })

reactiveStreamsConformance({ name: "async", makeEngine: () => AsyncEngine.make() })

reactiveStreamsConformance({
  name: "sync",
  makeEngine: () => SyncEngine.make(),
  clock: "virtual"
})
