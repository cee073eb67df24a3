// The Web Streams adapters of core pass the WHATWG cases.
import { webStreamsConformance } from "../../src/Conformance.ts"
import { sound } from "../../src/internal/faulty/webStreams.ts"

webStreamsConformance({ name: "WebStreams of core", ...sound })
