import 'reflect-metadata';

/** Decorates a class, or one of its methods, where there is no syntax for it. */
export function decorate(target, decorators, method) {
  if (method === undefined) return Reflect.decorate(decorators, target);
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, method);
  Reflect.decorate(decorators, target.prototype, method, descriptor);
  return target;
}
