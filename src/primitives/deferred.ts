/** A promise with its `resolve` and `reject` outside: for one event that is awaited elsewhere. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function createDeferred<T = void>(): Deferred<T> {
  return Promise.withResolvers<T>();
}
