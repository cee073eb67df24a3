// A secret never comes out of what a redaction shows, whatever quotes it; and the law is seen to
// fail for a redaction that only looks at fields.
import { describe, expect, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import fc from "fast-check"
import * as DeadLetter from "../../src/DeadLetter.ts"
import * as Redaction from "../../src/Redaction.ts"

const redaction = Redaction.make({ fields: ["password", "card.number"] })

/** Long enough to be searched for in text, and no part of any name or message used here. */
const secrets = fc.string({ minLength: 3, maxLength: 40 }).map((text) => `ß${text}Ж`)

/** Ways to quote a record in a message. */
const quotes: ReadonlyArray<readonly [name: string, quote: (secret: string) => string]> = [
  ["plainly", (secret) => `login refused: ${secret} is no password of ours`],
  ["as JSON", (secret) => `bad record ${JSON.stringify({ user: "ann", password: secret })}`],
  ["as JSON in JSON", (secret) => JSON.stringify({ m: JSON.stringify({ password: secret }) })],
  ["as a pair", (secret) => `user=ann password=${JSON.stringify(secret)}`],
  ["in a URL", (secret) => `GET /?p=${encodeURIComponent(secret)} failed`],
  ["cut off at the end", (secret) => `..."password":${JSON.stringify(secret).slice(0, -2)}...`]
]

const letterOf = (secret: string, message: string): DeadLetter.DeadLetter => ({
  _tag: "DeadLetter",
  stageId: "login",
  kind: "recoverable",
  seqId: 7,
  origin: "in",
  location: undefined,
  key: { password: secret },
  headers: { Password: secret },
  payload: { user: "ann", deep: [{ password: secret }], card: { number: secret } },
  cause: Object.assign(new Error(message), { password: secret, cause: new Error(message) }),
  attempts: 1,
  timestamp: 0
})

const shown = (letter: DeadLetter.DeadLetter): string => {
  const cause = letter.cause as Error & { readonly cause: Error }
  return [
    DeadLetter.describe(letter),
    JSON.stringify(letter),
    cause.message,
    cause.stack,
    cause.cause.message,
    JSON.stringify(cause)
  ].join("\n")
}

/** The secret and its escaped forms do not occur. */
const leaks = (text: string, secret: string): boolean =>
  [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)].some((form) =>
    text.includes(form)
  )

describe("Redaction", () => {
  it.each(quotes)("a dead letter shows no secret whose message quotes it %s", (_, quote) => {
    fc.assert(
      fc.property(secrets, (secret) => {
        const letter = letterOf(secret, quote(secret))
        expect(leaks(shown(redaction.letter(letter)), secret)).toBe(false)
        expect(letter.payload).toHaveProperty("card.number", secret)
      })
    )
  })

  it("the law fails for a redaction that masks fields and not what quotes them", () => {
    const naive = (letter: DeadLetter.DeadLetter): DeadLetter.DeadLetter => ({
      ...letter,
      headers: {},
      key: undefined,
      payload: { user: "ann" }
    })
    for (const [, quote] of quotes) {
      const letter = letterOf("ßhunter-2Ж", quote("ßhunter-2Ж"))
      expect(leaks(shown(naive(letter)), "ßhunter-2Ж")).toBe(true)
    }
  })

  it("six characters of a secret in a row are masked, so a clipped quotation tells little", () => {
    const line = '{"user":"ann","password":"correct horse battery"}'
    const text = redaction.text('Unexpected token in ..."rd":"correct horse"...', line)
    expect(text).toBe('Unexpected token in ..."rd":"[redacted]"...')
  })

  it("names count in any case and at any depth, paths only as such", () => {
    const value = {
      PASSWORD: 1,
      number: 2,
      card: { number: 3, issuer: "x" },
      list: [{ password: null }]
    }
    expect(redaction.value(value)).toEqual({
      PASSWORD: "[redacted]",
      number: 2,
      card: { number: "[redacted]", issuer: "x" },
      list: [{ password: "[redacted]" }]
    })
  })

  it("a Redacted value is secret without being named", () => {
    const token = Redacted.make("tok-12345678")
    const text = redaction.text("cannot use tok-12345678", { any: token })
    expect(text).toBe("cannot use [redacted]")
    expect(redaction.value({ any: token })).toEqual({ any: "[redacted]" })
  })

  it("patterns are masked in any text, numbers and bytes do not slip through", () => {
    const cards = Redaction.make({ fields: ["pin"], patterns: [/\b\d{16}\b/], mark: "***" })
    expect(cards.text("card 4111222233334444, pin: 1234")).toBe("card ***, pin: ***")
    expect(cards.quoting({ tried: 98765, bytes: new Uint8Array(4) }, { pin: 98765 })).toEqual({
      tried: "***",
      bytes: "[4 bytes]"
    })
  })

  it("keys are masked unless they may be shown, and may be quoted nowhere", () => {
    const keyed = Redaction.make({ fields: [] })
    const letter = { ...letterOf("x", "key 078-05-1120 evicted"), key: "078-05-1120" }
    expect(keyed.key("078-05-1120")).toBe("[redacted]")
    expect(DeadLetter.describe(keyed.letter(letter))).not.toContain("078-05")
    const shown = Redaction.make({ fields: ["password"], keysShown: true })
    expect(shown.key({ password: "abc", id: 1 })).toEqual({ password: "[redacted]", id: 1 })
  })

  it("records under way are known, so a message that quotes one without a field is masked", () => {
    const under: Array<object> = []
    const within = redaction.within(() => under)
    expect(within.text("tried hunter-22")).toBe("tried hunter-22")
    under.push([{ password: "hunter-22" }, { password: "xyz" }])
    expect(within.text("tried hunter-22, then xyz")).toBe("tried [redacted], then [redacted]")
    expect(within.value({ tried: "hunter-22" })).toEqual({ tried: "[redacted]" })
  })

  it("a line of JSON is searched for fields that hold numbers, lists and objects too", () => {
    const line = JSON.stringify({ id: 7, password: [123456, { old: "battery staple" }] })
    expect(redaction.text("tried 123456, then battery staple", line)).toBe(
      "tried [redacted], then [redacted]"
    )
  })

  it("what is too deep or too large to look at is not shown at all", () => {
    let deep: unknown = { password: "hunter2" }
    for (let i = 0; i < 40; i++) deep = { deep }
    expect(redaction.text("quotes hunter2", deep)).toBe("[redacted]")
    expect(JSON.stringify(redaction.value(deep))).not.toContain("hunter2")
    const cyclic: Record<string, unknown> = { password: "hunter2" }
    cyclic["self"] = cyclic
    expect(redaction.value(cyclic)).toMatchObject({ password: "[redacted]" })
    const hostile = Object.defineProperty({}, "password", {
      enumerable: true,
      get: () => {
        throw new Error("no")
      }
    })
    expect(redaction.value(hostile)).toEqual({})
  })
})
