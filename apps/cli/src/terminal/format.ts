// Figures as people read them: grouped digits, bytes, rates, durations. Pure text, the same in
// every locale.

/** `1204332` → `1,204,332`. */
export const count = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ",")

/** Records per second over a span of time; 0 when no time has passed. */
export const perSecond = (records: number, durationMs: number): number =>
  durationMs <= 0 ? 0 : (records * 1_000) / durationMs

const units = ["B", "KB", "MB", "GB", "TB"] as const

/** Bytes in the largest unit below 10,000, powers of 1,024: `212 MB`. */
export const bytes = (value: number): string => {
  let unit = 0
  let amount = value
  while (amount >= 10_000 && unit < units.length - 1) {
    amount /= 1_024
    unit++
  }
  return `${count(amount)} ${units[unit]}`
}

/** `850 ms`, `12.3 s`, `3 m 05 s`, `2 h 04 m`. */
export const duration = (milliseconds: number): string => {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1_000
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const pad = (value: number): string => value.toString().padStart(2, "0")
  if (whole < 3_600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`
  return `${Math.floor(whole / 3_600)} h ${pad(Math.floor((whole % 3_600) / 60))} m`
}

/** The text cut to `width` columns, with an ellipsis where something is missing. */
export const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/g

/** One line that a terminal shows as it is: control characters become spaces. */
export const oneLine = (text: string): string => text.replace(controlCharacters, " ").trim()
