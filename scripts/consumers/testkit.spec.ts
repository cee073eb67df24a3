// What the author of an engine might write with @sluice/testkit alone: its suites under vitest,
// here against the engines of core.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as SyncEngine from "@sluice/core/SyncEngine"
import { engineConformance, reactiveStreamsConformance } from "@sluice/testkit/Conformance"

engineConformance({ name: "async", makeEngine: () => AsyncEngine.make() })

engineConformance({ name: "sync", makeEngine: () => SyncEngine.make(), clock: "virtual" })

reactiveStreamsConformance({ name: "async", makeEngine: () => AsyncEngine.make() })
