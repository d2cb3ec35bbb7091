// How everything on the pages looks: one sheet that each element adopts. Colours come from tokens.css.

import { css } from "lit";

export const look = css`
  :host {
    display: block;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  h1 {
    font-size: 1.75rem;
    line-height: 2.125rem;
    margin: 0;
  }
  h2 {
    font-size: 1rem;
    line-height: 1.5rem;
    margin: 0 0 8px;
    color: var(--muted);
  }
  h3 {
    font-size: 1rem;
    margin: 0;
  }
  h1,
  h2,
  h3,
  p,
  td,
  dd,
  li {
    overflow-wrap: anywhere;
  }
  p {
    margin: 0 0 8px;
  }
  h1:focus {
    outline: none;
  }
  a {
    color: var(--accent);
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
    border-radius: 6px;
  }
  .lead {
    font-size: 1.25rem;
    line-height: 1.75rem;
    margin: 8px 0 16px;
  }
  .muted {
    color: var(--muted);
  }
  .small {
    font-size: 0.875rem;
    line-height: 1.25rem;
  }
  .number {
    text-align: right;
    white-space: nowrap;
  }
  .charging {
    color: var(--charging);
  }
  .waiting {
    color: var(--waiting);
  }
  .fault {
    color: var(--fault);
  }
  .reserved {
    color: var(--reserved);
  }
  .off {
    color: var(--off);
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .nowrap {
    white-space: nowrap;
  }
  .cards {
    display: grid;
    gap: 12px;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr));
    margin: 0 0 16px;
  }
  .cards > section {
    margin: 0;
  }
  .card {
    background: var(--surface);
    border: 1px solid var(--border);
    border-radius: 12px;
    padding: 12px 16px;
    min-width: 0;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .between {
    justify-content: space-between;
  }
  ul.plain,
  ol.plain {
    list-style: none;
    margin: 0;
    padding: 0;
    display: grid;
    gap: 8px;
  }
  button,
  .button {
    font: inherit;
    min-height: 2.5rem;
    padding: 6px 14px;
    border: 1px solid var(--edge);
    border-radius: 6px;
    background: var(--surface);
    color: var(--text);
    cursor: pointer;
    text-decoration: none;
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  button:hover,
  .button:hover {
    border-color: var(--accent);
  }
  button.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--on-accent);
  }
  button.danger {
    border-color: var(--fault);
    color: var(--fault);
  }
  button[aria-disabled="true"] {
    color: var(--muted);
    border-style: dashed;
    cursor: progress;
  }
  label {
    display: block;
    font-size: 0.875rem;
    line-height: 1.25rem;
    color: var(--muted);
  }
  input,
  select {
    font: inherit;
    width: 100%;
    min-height: 2.5rem;
    padding: 6px 10px;
    border: 1px solid var(--edge);
    border-radius: 6px;
    background: var(--bg);
    color: var(--text);
  }
  input[type="checkbox"],
  input[type="radio"] {
    width: 1.25rem;
    min-height: 1.25rem;
    accent-color: var(--accent);
  }
  form {
    display: grid;
    gap: 12px;
    max-width: 28rem;
  }
  .door {
    max-width: 28rem;
    margin: 5vh auto 0;
    padding: 24px;
  }
  .door form {
    margin: 16px 0;
  }
  table {
    border-collapse: collapse;
    width: 100%;
  }
  th,
  td {
    text-align: left;
    padding: 6px 8px;
    border-bottom: 1px solid var(--border);
    vertical-align: top;
  }
  th {
    font-size: 0.875rem;
    color: var(--muted);
    font-weight: 500;
  }
  th.number,
  td.number {
    text-align: right;
  }
  @media (max-width: 480px) {
    th,
    td {
      padding: 6px 4px;
    }
  }
  dl.pairs {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 4px 16px;
    margin: 0;
  }
  dl.pairs dt {
    color: var(--muted);
  }
  dl.pairs dd {
    margin: 0;
    text-align: right;
  }
  @media (prefers-reduced-motion: no-preference) {
    button {
      transition: border-color 150ms;
    }
  }
  @media print {
    button {
      display: none;
    }
  }
`;
