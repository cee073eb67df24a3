// RxJS 7 on the pure job.

import { filter, lastValueFrom, map, range, reduce } from "rxjs"
import type { Case } from "../src/Case.ts"
import * as job from "./job.ts"

const rxjs: Case = {
  name: "RxJS 7",
  group: job.ints,
  records: job.count,
  run: () =>
    lastValueFrom(
      range(0, job.count).pipe(
        map(job.increment),
        filter(job.isEven),
        map(job.double),
        reduce(job.plus, 0)
      )
    )
}

export default rxjs
