/** A value now, or a promise of it. A value costs no turn of the event loop. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on with a value at once if it is there, when it comes otherwise. */
export function then<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
