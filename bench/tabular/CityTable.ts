// The grouped state of the programs that are not Sluice, as most people would write it.

import { writeFileSync } from "node:fs"

interface Row {
  city: string
  rows: number
  amount: number
  most: number
}

export class CityTable {
  private readonly rows = new Map<string, Row>()

  add(city: string, amount: number, count: number): void {
    const row = this.rows.get(city)
    if (row === undefined) this.rows.set(city, { city, rows: 1, amount, most: count })
    else {
      row.rows++
      row.amount += amount
      if (count > row.most) row.most = count
    }
  }

  write(path: string): void {
    writeFileSync(path, [...this.rows.values()].map((row) => `${JSON.stringify(row)}\n`).join(""))
  }
}
