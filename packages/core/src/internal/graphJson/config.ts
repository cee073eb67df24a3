// A stage's config as JSON. Values that are no JSON become a reference, or a marker that reading
// reports. An object that itself has a key like a marker's is wrapped as { "$value": … }, so that
// nothing a user writes can be taken for a reference.
import * as Schema from "effect/Schema"
import * as FunctionRef from "../../FunctionRef.ts"
import { ValueRef } from "../schemas/graphDocument.ts"

const markers: ReadonlySet<string> = new Set(["$ref", "$inline", "$value"])

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const inline = (value: unknown): Schema.Json => {
  if (typeof value === "function") return { $inline: value.name === "" ? "anonymous" : value.name }
  if (typeof value !== "object" || value === null) return { $inline: String(value) }
  return { $inline: isPlain(value) ? "circular" : (value.constructor?.name ?? "object") }
}

/** How a module's specifier is written. */
type Written = (module: string) => string

const encodeObject = (
  value: object,
  written: Written,
  inside: ReadonlySet<object>
): Schema.Json => {
  const deeper = new Set(inside).add(value)
  if (Array.isArray(value)) return value.map((entry) => encodeValue(entry, written, deeper))
  const json = encodeEntries(value, written, deeper)
  return Object.keys(json).some((key) => markers.has(key)) ? { $value: json } : json
}

const encodeValue = (
  value: unknown,
  written: Written,
  inside: ReadonlySet<object>
): Schema.Json => {
  const ref = FunctionRef.of(value)
  if (ref !== undefined) return { $ref: { module: written(ref.module), export: ref.export } }
  if (value === null || typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "number" && Number.isFinite(value)) return value
  if (typeof value !== "object" || inside.has(value)) return inline(value)
  const isData = Array.isArray(value) || isPlain(value)
  return isData ? encodeObject(value, written, inside) : inline(value)
}

// Built by fromEntries: assigning a key "__proto__" would change the object instead.
const encodeEntries = (
  value: object,
  written: Written,
  inside: ReadonlySet<object>
): Schema.JsonObject =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([key, entry]) => [key, encodeValue(entry, written, inside)])
  )

/** A config as JSON; entries without a value are left out. */
export const encodeConfig = (
  config: Readonly<Record<string, unknown>>,
  written: Written
): Schema.JsonObject => encodeEntries(config, written, new Set([config]))

/** Finds what a reference inside a config stands for; `field` is its path in the config. */
export type ResolveConfig = (ref: (typeof ValueRef)["Type"], field: string) => unknown

const isRef = Schema.is(ValueRef)

const decodeEntries = (
  json: Schema.JsonObject,
  resolve: ResolveConfig,
  field: string
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      decodeValue(value, resolve, `${field}.${key}`)
    ])
  )

const isObject = (json: Schema.Json): json is Schema.JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const decodeValue = (json: Schema.Json, resolve: ResolveConfig, field: string): unknown => {
  if (Array.isArray(json)) {
    return json.map((value: Schema.Json, at) => decodeValue(value, resolve, `${field}[${at}]`))
  }
  if (!isObject(json)) return json
  if (isRef(json)) return resolve(json, field)
  const wrapped = Object.hasOwn(json, "$value") ? json["$value"] : undefined
  const entries = wrapped !== undefined && isObject(wrapped) ? wrapped : json
  return decodeEntries(entries, resolve, field)
}

/** The config behind its JSON. */
export const decodeConfig = (
  json: Schema.JsonObject,
  resolve: ResolveConfig
): Readonly<Record<string, unknown>> => decodeEntries(json, resolve, "config")
