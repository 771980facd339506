/** Ends a `switch` over a union: a variant that nobody handles is a compile error, and at run time a loud one. */
export function assertNever(value: never): never {
  throw new TypeError(`unhandled variant: ${JSON.stringify(value)}`);
}
