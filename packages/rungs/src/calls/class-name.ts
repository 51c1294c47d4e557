// The name of a value's class, found without running any code of the value.

/** The name of the nearest class in the prototype chain; undefined when it has none. */
export function classNameOf(value: object): string | undefined {
  for (let link = Object.getPrototypeOf(value) as object | null; link !== null; link = Object.getPrototypeOf(link) as object | null) {
    const Class: unknown = Object.getOwnPropertyDescriptor(link, 'constructor')?.value
    if (typeof Class !== 'function') continue
    const name: unknown = Object.getOwnPropertyDescriptor(Class, 'name')?.value
    return typeof name === 'string' ? name : undefined
  }
  return undefined
}

/** Says whether it was written as a class. The text of a method that is called `class` begins with the word as well, but methods have no prototype. */
export function isClass(value: unknown): boolean {
  return typeof value === 'function' && CLASS.test(Function.prototype.toString.call(value)) && Object.hasOwn(value, 'prototype')
}

/** The word alone, with no parameters after it. */
const CLASS = /^class(?![\p{ID_Continue}$\\])(?!(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*\()/u
