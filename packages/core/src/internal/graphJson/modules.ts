// Which modules a document may load, and how their specifiers are written: files below one folder
// as "./path", packages by name. Pure: says what may be imported, imports nothing.

/** How specifiers are written into a document and read from it. */
export interface Specifiers {
  /** As it stands in the document. */
  readonly written: (module: string) => string
  /** What to import, or why not. */
  readonly allowed: (
    module: string
  ) =>
    | { readonly _tag: "Allowed"; readonly specifier: string }
    | { readonly _tag: "Refused"; readonly reason: string; readonly cure: string }
}

const folderOf = (base: string | URL): string => {
  const { href } = new URL(base)
  return href.endsWith("/") ? href : `${href}/`
}

const urlOf = (module: string, base: string | undefined): string | undefined => {
  const isRelative = module.startsWith("./") || module.startsWith("../")
  if (isRelative && base === undefined) return undefined
  try {
    // Parsing resolves "..", also where it is percent-encoded, before the folder is compared.
    return new URL(module, isRelative ? base : undefined).href
  } catch {
    return undefined
  }
}

/**
 * Specifiers with files below `base`, and the packages in `allow`, which are compared as they are.
 */
export const specifiers = (
  base: string | URL | undefined,
  allow: ReadonlyArray<string> = []
): Specifiers => {
  const folder = base === undefined ? undefined : folderOf(base)
  const below = (module: string): string | undefined => {
    const url = urlOf(module, folder)
    return url !== undefined && folder !== undefined && url.startsWith(folder) ? url : undefined
  }
  return {
    written: (module) => {
      const url = below(module)
      return url === undefined ? module : `./${url.slice((folder ?? "").length)}`
    },
    allowed: (module) => {
      if (allow.includes(module)) return { _tag: "Allowed", specifier: module }
      const specifier = below(module)
      if (specifier !== undefined) return { _tag: "Allowed", specifier }
      const outside = folder === undefined ? "no base folder is given" : `not below ${folder}`
      return {
        _tag: "Refused",
        reason: `module "${module}" may not be loaded: not in the allow list, ${outside}`,
        cure: "move it below the base folder, or add it to allow if you trust it"
      }
    }
  }
}
