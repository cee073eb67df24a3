// A program as a tree.

/** An expression. */
export type Expression =
  | { readonly _tag: "Number"; readonly value: number }
  | { readonly _tag: "Name"; readonly name: string }
  | { readonly _tag: "Index"; readonly array: string; readonly at: Expression }
  | { readonly _tag: "Call"; readonly name: string; readonly args: ReadonlyArray<Expression> }
  | { readonly _tag: "Unary"; readonly operator: string; readonly of: Expression }
  | {
      readonly _tag: "Binary"
      readonly operator: string
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly _tag: "Choose"
      readonly test: Expression
      readonly yes: Expression
      readonly no: Expression
    }
  | {
      readonly _tag: "Assign"
      readonly operator: string
      readonly target: Expression
      readonly value: Expression
    }
  | {
      readonly _tag: "Step"
      readonly operator: string
      readonly isPrefix: boolean
      readonly name: string
    }

/** A statement. */
export type Statement =
  | { readonly _tag: "Block"; readonly body: ReadonlyArray<Statement> }
  | { readonly _tag: "Declare"; readonly name: string; readonly value: Expression }
  | { readonly _tag: "Do"; readonly expression: Expression }
  | {
      readonly _tag: "If"
      readonly test: Expression
      readonly yes: Statement
      readonly no: Statement | undefined
    }
  | {
      readonly _tag: "Loop"
      readonly label: string | undefined
      readonly init: Statement | undefined
      readonly test: Expression | undefined
      readonly step: Expression | undefined
      readonly body: Statement
    }
  | { readonly _tag: "Labelled"; readonly label: string; readonly body: Statement }
  | { readonly _tag: "Break" | "Continue"; readonly label: string | undefined }
  | { readonly _tag: "Return"; readonly value: Expression }

/** The text is not of this language. */
export class NotCompilable extends Error {
  override readonly name = "NotCompilable"
}
