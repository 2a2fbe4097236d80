// State that a page listens to: every change makes a new one.

export function createStore(start) {
  const listeners = new Set();
  let now = start;
  return {
    state: () => now,
    /** `change` holds what is different; all else stays. */
    set(change) {
      now = { ...now, ...change };
      listeners.forEach((listener) => listener(now));
    },
    /** `listener` hears the state as it is now and every later one: a reply may have come before anyone listened. */
    subscribe(listener) {
      listeners.add(listener);
      listener(now);
      return () => listeners.delete(listener);
    },
  };
}
