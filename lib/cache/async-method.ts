type AnyAsyncMethod = (...args: never[]) => Promise<unknown>;

/** What no descriptor is: its name says what is wrong. */
interface Mismatch {
  readonly 'the functions of this decorator take other parameters than the method': never;
}

/** Whether a function of a decorator can be called with what the method is called with. */
type Fits<Args extends readonly unknown[], Method extends AnyAsyncMethod> = ((...args: Args) => unknown) extends (
  ...args: Parameters<Method>
) => unknown
  ? unknown
  : Mismatch;

/** A decorator of asynchronous methods whose first parameters are these. */
export type AsyncMethodDecorator<Args extends readonly unknown[]> = <Method extends AnyAsyncMethod>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method> & Fits<Args, Method>,
) => void;

/** A method as its decorator calls it. */
type Call<Args extends readonly unknown[]> = (instance: object, args: Args) => Promise<unknown>;

/**
 * Puts a function in the place of a method. It keeps the name, and what other decorators have noted of the method, such
 * as its route.
 *
 * @param around gets the method, and gives what is called instead of it
 */
export function replaceMethod<Args extends readonly unknown[]>(
  descriptor: PropertyDescriptor,
  around: (method: Call<Args>) => Call<Args>,
): void {
  const method = descriptor.value as (...args: Args) => Promise<unknown>;
  const call = around((instance, args) => Reflect.apply(method, instance, args));
  const replacement = function (this: object, ...args: Args): Promise<unknown> {
    return call(this, args);
  };
  Object.defineProperty(replacement, 'name', { value: method.name, configurable: true });
  for (const key of Reflect.getMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, method), replacement);
  }
  descriptor.value = replacement;
}
