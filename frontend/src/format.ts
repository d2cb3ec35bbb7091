// Numbers and times as people read them. Unknown is "–", never 0. Times are the site's, wherever the reader is.

export const UNKNOWN = "–";
const LOCALE = "en-GB";

export function number(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const shown = value.toLocaleString(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return /^-[0.,]+$/.test(shown) ? shown.slice(1) : shown;
}

function scaled(value: number | null | undefined, by: number, digits: number): string {
  return value === null || value === undefined ? UNKNOWN : number(value / by, digits);
}

/** "4.5" from watts. */
export const kilowatts = (watts: number | null | undefined): string => scaled(watts, 1000, 1);

/** "12.31" from watt-hours; whole from a thousand kilowatt-hours on. */
export function kilowattHours(wattHours: number | null | undefined): string {
  return scaled(wattHours, 1000, wattHours !== null && wattHours !== undefined && wattHours >= 1_000_000 ? 0 : 2);
}

/** "6.6"; whole amps where asked. */
export const amps = (value: number | null | undefined, digits = 1): string => number(value, digits);

function parts(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(LOCALE, { timeZone: zone, hourCycle: "h23", ...options });
}

/** "14:05". */
export const clock = (moment: string | Date, zone: string): string =>
  parts(zone, { hour: "2-digit", minute: "2-digit" }).format(new Date(moment));

/** "14:05:09". */
export const clockWithSeconds = (moment: string | Date, zone: string): string =>
  parts(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(moment));

/** "25 Nov". */
export const day = (moment: string | Date, zone: string): string =>
  parts(zone, { day: "numeric", month: "short" }).format(new Date(moment));

/** "25 Nov 14:05". */
export const dayAndClock = (moment: string | Date, zone: string): string => `${day(moment, zone)} ${clock(moment, zone)}`;

/** "14:05" today, else "25 Nov 14:05". */
export function when(moment: string | Date, zone: string, now: Date): string {
  return day(moment, zone) === day(now, zone) ? clock(moment, zone) : dayAndClock(moment, zone);
}

/** "2026-11-25" of the site's calendar. */
export function isoDay(moment: Date, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(moment);
}

/** "2:38": hours and minutes. */
export function duration(seconds: number): string {
  const minutes = Math.max(0, Math.floor(seconds / 60));
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** "2 s", "14 min", "3 h", "2 days": how long ago. */
export function age(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

/** "November 2026" from "2026-11". */
export function monthName(month: string): string {
  const [year, of] = month.split("-").map(Number);
  return parts("UTC", { month: "long", year: "numeric" }).format(new Date(Date.UTC(year ?? 0, (of ?? 1) - 1, 1)));
}

/** "2026-12" from "2026-11" and 1. */
export function monthAfter(month: string, by: number): string {
  const [year, of] = month.split("-").map(Number);
  return new Date(Date.UTC(year ?? 0, (of ?? 1) - 1 + by, 1)).toISOString().slice(0, 7);
}
