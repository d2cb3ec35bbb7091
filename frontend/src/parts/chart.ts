// History of a charger or circuit as a chart, its numbers in a table behind it, and all of them as CSV.

import { css, html, LitElement, nothing, type PropertyValues, unsafeCSS } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import uPlot from "uplot";
import sheet from "uplot/dist/uPlot.min.css?inline";

import { order, type Refusal } from "../api.ts";
import { amps, clock, clockWithSeconds, day, dayAndClock, kilowatts } from "../format.ts";
import { live } from "../live.ts";
import { look } from "../look.ts";
import { asRefusal, refusalNote } from "./refusal.ts";

type Cell = number | string | null;

export interface Answer {
  from: string;
  to: string;
  every: keyof typeof STEP_S;
  note: string | null;
  columns: string[];
  rows: Cell[][];
}

interface Line {
  column: string;
  name: string;
  tone: string;
  dash: number[];
}

const STEP_S = { raw: 60, "5m": 300, "1h": 3600, "1d": 86_400 };
const SPANS = [
  ["1", "1 hour"],
  ["24", "24 hours"],
  ["168", "7 days"],
  ["744", "31 days"],
] as const;
const LINES: readonly Line[] = [
  { column: "current_l1_a", name: "L1", tone: "--accent", dash: [] },
  { column: "current_l2_a", name: "L2", tone: "--charging", dash: [10, 4] },
  { column: "current_l3_a", name: "L3", tone: "--reserved", dash: [2, 4] },
];
const LIMIT: Line = { column: "limit_a", name: "Limit", tone: "--fault", dash: [14, 4, 2, 4] };
const TICKS_S = [1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080].map((minutes) => minutes * 60);
const AGAIN_MS = 30_000;
const WHAT = "power,current,limits";
const TABLE_ROWS = 100;
const HEIGHT = 220;

@customElement("ev-chart")
export class Chart extends LitElement {
  static override styles = [
    look,
    unsafeCSS(sheet),
    css`
      figure {
        margin: 0;
      }
      .plot {
        min-height: ${HEIGHT}px;
        overflow: hidden;
      }
      .key svg {
        width: 2rem;
        height: 0.75rem;
        vertical-align: middle;
      }
      .scroll {
        max-height: 20rem;
        overflow: auto;
      }
      thead th {
        position: sticky;
        top: 0;
        background: var(--surface);
      }
      select {
        width: auto;
      }
      .tone {
        position: absolute;
        visibility: hidden;
      }
    `,
  ];

  /** The id of a charger, or `circuits.garage`. */
  @property() of = "";
  /** The limit of a circuit, which its history does not have. */
  @property({ attribute: false }) limit: number | null = null;
  @state() private hours: string = "1";
  @state() private answer: Answer | null = null;
  @state() private refusal: Refusal | null = null;
  @query(".plot") private place!: HTMLElement;
  @query(".tone") private tone!: HTMLElement;
  private plot: uPlot | null = null;
  private timer: number | undefined;
  private readonly sized = new ResizeObserver(() => this.fit());
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");

  override connectedCallback(): void {
    super.connectedCallback();
    this.dark.addEventListener("change", this.draw);
    this.timer = setInterval(() => void this.ask(), AGAIN_MS);
  }

  override disconnectedCallback(): void {
    this.dark.removeEventListener("change", this.draw);
    clearInterval(this.timer);
    this.sized.disconnect();
    super.disconnectedCallback();
  }

  override firstUpdated(): void {
    this.sized.observe(this.place);
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has("of") || changed.has("hours")) void this.ask();
  }

  override updated(changed: PropertyValues): void {
    if (changed.has("answer")) this.draw();
  }

  private get since(): string {
    return new Date(live.now.getTime() - Number(this.hours) * 3_600_000).toISOString();
  }

  private async ask(): Promise<void> {
    const every = this.hours === "1" ? { every: "raw" } : {};
    try {
      this.answer = await order<Answer>("history.query", { of: this.of, what: WHAT, since: this.since, ...every });
      this.refusal = null;
    } catch (thrown) {
      this.refusal = asRefusal(thrown);
    }
  }

  override render() {
    return html`
      <div class="row between">
        <div class="row key small">${this.lines.map((line) => this.keyOf(line))}</div>
        <label class="row">Time
          <select @change=${(event: Event) => (this.hours = (event.target as HTMLSelectElement).value)}>
            ${SPANS.map(([hours, word]) => html`<option value=${hours} ?selected=${hours === this.hours}>${word}</option>`)}
          </select>
        </label>
      </div>
      ${refusalNote(this.refusal)}
      <figure role="img" aria-label="Amps over time; the table below has the numbers"><div class="plot"></div></figure>
      <span class="tone"></span>
      ${this.answer ? this.table(this.answer) : nothing}
    `;
  }

  private get lines(): Line[] {
    const columns = this.answer?.columns ?? [];
    const hasLimit = columns.includes(LIMIT.column) || this.limit !== null;
    return [...LINES.filter((line) => columns.includes(line.column)), ...(hasLimit ? [LIMIT] : [])];
  }

  private keyOf(line: Line) {
    return html`<span><svg viewBox="0 0 32 12" aria-hidden="true">
      <path d="M0 6H32" stroke="var(${line.tone})" stroke-width="3" stroke-dasharray=${line.dash.join(" ") || "none"}></path>
    </svg> ${line.name}, A</span>`;
  }

  private table({ columns, rows, note, from, to, every }: Answer) {
    const shown = rows.slice(-TABLE_ROWS).reverse();
    const at = (row: Cell[], column: string) => row[columns.indexOf(column)] as number | null | undefined;
    const moment = every === "raw" ? clockWithSeconds : dayAndClock;
    const query = new URLSearchParams({ what: WHAT, from, to, every, format: "csv" });
    return html`
      ${note ? html`<p class="muted small">${note}</p>` : nothing}
      <details>
        <summary>As a table</summary>
        <div class="scroll" tabindex="0" role="region" aria-label="History as a table">
          <table>
            <thead>
              <tr>
                <th>Time</th>
                <th class="number">kW</th>
                ${this.lines.map((line) => html`<th class="number">${line.name}, A</th>`)}
              </tr>
            </thead>
            <tbody>
              ${shown.map(
                (row) => html`<tr>
                  <td class="nowrap">${moment(String(row[0]), live.zone)}</td>
                  <td class="number">${kilowatts(at(row, "power_w"))}</td>
                  ${this.lines.map((line) => html`<td class="number">${amps(at(row, line.column) ?? this.constant(line))}</td>`)}
                </tr>`,
              )}
            </tbody>
          </table>
        </div>
        <p class="small">
          ${rows.length > TABLE_ROWS ? `The last ${TABLE_ROWS} of ${rows.length} rows. ` : nothing}
          <a href="/api/v1/history/${encodeURIComponent(this.of)}?${query}" download="${this.of}.csv">All as CSV</a>
        </p>
      </details>
    `;
  }

  private constant = (line: Line): number | null => (line === LIMIT ? this.limit : null);

  private draw = (): void => {
    this.plot?.destroy();
    this.plot = null;
    if (!this.answer || this.answer.rows.length === 0) return;
    const lines = this.lines;
    const scale: uPlot.Options = {
      width: Math.max(200, this.place.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { x: { range: spanOf(this.answer) }, y: { range: (_, __, most) => [0, Math.max(6, most * 1.1)] } },
      axes: [{ ...this.axis(), incrs: TICKS_S, space: 64, values: (_, moments) => moments.map(this.tick) }, { ...this.axis(), size: 44 }],
      series: [{}, ...lines.map((line) => this.series(line))],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), live.zone),
    };
    this.plot = new uPlot(scale, columnsOf(this.answer, lines, this.constant), this.place);
  };

  /** By the clock of the site; days, where the clock would only say midnight. */
  private tick = (seconds: number): string => {
    const moment = new Date(seconds * 1000);
    return Number(this.hours) > 48 ? day(moment, live.zone) : clock(moment, live.zone);
  };

  private series(line: Line): uPlot.Series {
    return { label: line.name, stroke: this.colour(line.tone), width: 2, dash: line.dash, points: { show: false } };
  }

  private axis(): uPlot.Axis {
    return { stroke: this.colour("--muted"), grid: { stroke: this.colour("--border"), width: 1 }, ticks: { stroke: this.colour("--border") } };
  }

  /** A token as a canvas can take it, in the theme of now. */
  private colour(token: string): string {
    this.tone.style.color = `var(${token})`;
    return getComputedStyle(this.tone).color;
  }

  private fit(): void {
    const width = this.place.clientWidth;
    if (this.plot && width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }
}

const spanOf = ({ from, to }: Answer): [number, number] => [Date.parse(from) / 1000, Date.parse(to) / 1000];

/** One array for the time and each line; where rows are missing a gap, and not a line across it. */
function columnsOf(answer: Answer, lines: Line[], constant: (line: Line) => number | null): uPlot.AlignedData {
  const data: (number | null)[][] = [[], ...lines.map(() => [])];
  const index = lines.map((line) => answer.columns.indexOf(line.column));
  let before: number | null = null;
  for (const row of answer.rows) {
    const at = Date.parse(String(row[0])) / 1000;
    if (before !== null && at - before > 2 * STEP_S[answer.every]) push(data, before + STEP_S[answer.every], lines.map(() => null));
    push(data, at, lines.map((line, i) => (row[index[i]!] as number | null | undefined) ?? constant(line)));
    before = at;
  }
  return data as unknown as uPlot.AlignedData;
}

function push(data: (number | null)[][], at: number, values: (number | null)[]): void {
  [at, ...values].forEach((value, i) => data[i]!.push(value));
}
