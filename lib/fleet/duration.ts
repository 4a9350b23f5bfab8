const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `5m`, `2h`, `1d`, and sums such as `1h30m`, in seconds; undefined when the text is none, or longer than a year. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,8}[smhd])+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([smhd])/g)) seconds += Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? 0);
  return seconds <= 366 * 86_400 ? seconds : undefined;
}
