/**
 * Moves what this thread takes for the present by the clock's shared offset, so that time can pass
 * for the product's code without a hook in it (DESIGN 10). Timers keep the machine's pace.
 */
export function shiftDate(offset: SharedArrayBuffer): void {
  const view = new Float64Array(offset);
  const RealDate = Date;
  const realNow = RealDate.now.bind(RealDate);
  const now = (): number => Math.trunc(realNow() + (view[0] ?? 0));

  const ShiftedDate = new Proxy(RealDate, {
    // Called without `new`, Date gives the present as text whatever the arguments are.
    apply: () => new RealDate(now()).toString(),
    construct: (target, values: unknown[], newTarget) => {
      const arguments_ = values.length === 0 ? [now()] : values;
      const made: unknown = Reflect.construct(target, arguments_, newTarget);
      if (made instanceof target) return made;
      throw new TypeError('Date made no date.');
    },
  });
  RealDate.now = now;
  Object.defineProperty(RealDate.prototype, 'constructor', { value: ShiftedDate });
  globalThis.Date = ShiftedDate;
  shiftFormatting(now);
}

/** A formatter that is given no date formats the present, without asking Date. */
function shiftFormatting(now: () => number): void {
  const prototype = Intl.DateTimeFormat.prototype;
  const formatToParts = Reflect.get(prototype, 'formatToParts');
  const realFormat = Object.getOwnPropertyDescriptor(prototype, 'format');
  Object.defineProperty(prototype, 'format', {
    configurable: true,
    get(this: Intl.DateTimeFormat) {
      const format: unknown = realFormat?.get?.call(this);
      return (date?: number | Date): unknown =>
        typeof format === 'function'
          ? Reflect.apply(format, undefined, [date ?? now()])
          : undefined;
    },
  });
  prototype.formatToParts = function (date) {
    return formatToParts.call(this, date ?? now());
  };
}
