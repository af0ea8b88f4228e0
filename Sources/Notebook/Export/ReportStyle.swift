/// The look and the few lines of script of an HTML report.
enum ReportStyle {
    /// The style sheet; the colours of dark pages follow the reader's system.
    static let css = """

        :root { --ground: #fff; --text: #1f2328; --faint: #656d76; --line: #d8dee4; --panel: #f6f8fa; --link: #0969da;
          --bad: #cf222e; --bad-ground: #ffebe9; --stale: #9a6700;
          --plot-text: #1f2328; --plot-faint: #656d76; --plot-grid: #e2e6ea;
          --plot-1: #0072b2; --plot-2: #e07b00; --plot-3: #009e73; --plot-4: #cc5f9e; --plot-5: #d55e00; --plot-6: #3e9fdb;
          --k: #8250df; --s: #0a6640; --n: #0550ae; --c: #6e7781; --f: #953800; }
        @media (prefers-color-scheme: dark) {
          :root { --ground: #0f1318; --text: #e6edf3; --faint: #8d96a0; --line: #2b323b; --panel: #171c23; --link: #58a6ff;
            --bad: #ff7b72; --bad-ground: #2d1416; --stale: #d4a72c;
            --plot-text: #e6edf3; --plot-faint: #8d96a0; --plot-grid: #262d36;
            --plot-1: #56b4e9; --plot-2: #f0a130; --plot-3: #2fc59b; --plot-4: #e48cc0; --plot-5: #f07f3c; --plot-6: #8cc8f0;
            --k: #d2a8ff; --s: #7ee2a8; --n: #79c0ff; --c: #8b949e; --f: #ffb77c; } }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
        body { margin: 0; background: var(--ground); color: var(--text); line-height: 1.55;
          font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
        main { max-width: 52rem; margin: 0 auto; padding: 2rem 1.1rem 5rem; }
        h1 { font-size: 1.75rem; line-height: 1.25; margin: .6em 0 .4em; letter-spacing: -.01em; }
        h2 { font-size: 1.3rem; line-height: 1.3; margin: 1.6em 0 .5em; }
        h3 { font-size: 1rem; margin: 0; }
        a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
        pre, code, kbd { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        code { font-size: .875em; background: var(--panel); padding: .12em .35em; border-radius: 4px; }
        pre { font-size: .8125rem; line-height: 1.5; margin: 0; overflow-x: auto; tab-size: 4; }
        pre code { background: none; padding: 0; font-size: inherit; }
        .bar { display: flex; justify-content: space-between; align-items: center; gap: 1em; color: var(--faint); font-size: .875rem;
          border-bottom: 1px solid var(--line); padding-bottom: .7em; }
        button, input, select { font: inherit; font-size: .8125rem; color: var(--text); background: var(--panel);
          border: 1px solid var(--line); border-radius: 6px; padding: .25em .7em; }
        button { cursor: pointer; white-space: nowrap; } button:hover { border-color: var(--faint); }
        .contents { color: var(--faint); font-size: .9375rem; margin: 1em 0; } .contents summary { cursor: pointer; }
        .contents ol { margin: .5em 0; padding-left: 1.6em; }
        .prose { margin: 1.4em 0; } .prose p { margin: .7em 0; } .prose ul, .prose ol { padding-left: 1.5em; margin: .6em 0; }
        .prose pre { background: var(--panel); border-radius: 8px; padding: .8em 1em; }
        .prose blockquote { margin: .8em 0; padding-left: 1em; border-left: 3px solid var(--line); color: var(--faint); }
        .cell { margin: 1.5em 0; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
        .cell header { display: flex; justify-content: space-between; align-items: baseline; gap: 1em; padding: .5em 1em;
          background: var(--panel); border-bottom: 1px solid var(--line); }
        .facts { color: var(--faint); font-size: .75rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
        .bad { color: var(--bad); font-weight: 600; } .stale { color: var(--stale); font-weight: 600; }
        .code { padding: .75em 1em; } .no-code .code { display: none; }
        .k { color: var(--k); } .s { color: var(--s); } .n { color: var(--n); } .c { color: var(--c); font-style: italic; } .f { color: var(--f); }
        .outputs { border-top: 1px solid var(--line); padding: .75em 1em; display: grid; gap: .8em; }
        .no-code .outputs { border-top: 0; } .outputs > * { min-width: 0; }
        .printed { max-height: 32em; overflow: auto; }
        .error { color: var(--bad); background: var(--bad-ground); padding: .7em .9em; border-radius: 6px; white-space: pre-wrap;
          overflow-wrap: anywhere; }
        .error span { display: block; } .error .source { white-space: pre; overflow-x: auto; }
        .tokens { line-height: 1.7; overflow-wrap: anywhere; } .legend { margin: 0 0 .4em; color: var(--faint); }
        figure svg { display: block; margin-left: -.85rem; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .3em .8em; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { text-align: left; font-weight: 600; color: var(--faint); white-space: nowrap; } tbody tr:hover { background: var(--panel); }
        th:first-child, td:first-child { padding-left: 0; }
        .samples .summary { margin: 0 0 .5em; } .samples .tools { display: flex; flex-wrap: wrap; gap: .5em; margin-bottom: .6em; align-items: center; }
        .samples .tools input { flex: 1 1 10em; min-width: 0; } .samples .count { color: var(--faint); font-size: .8125rem; }
        .sample { border-bottom: 1px solid var(--line); font-size: .9375rem; }
        .sample summary { cursor: pointer; padding: .45em 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .sample[open] summary > span { display: none; } .sample[open] { padding-bottom: .6em; }
        [hidden] { display: none !important; }
        @media (max-width: 36rem) { main { padding: 1rem .8rem 3rem; } .cell { margin-left: -.3rem; margin-right: -.3rem; }
          h1 { font-size: 1.45rem; } .code, .outputs, .cell header { padding-left: .75em; padding-right: .75em; } }
        @media print { .cell { break-inside: avoid-page; } button, .tools { display: none !important; } .printed { max-height: none; } }

        """

    /// Hides code; finds, sorts and pages samples. Without it everything can still be read.
    static let script = """

        const page = 20;
        document.querySelectorAll('[data-toggle=code]').forEach(button => button.addEventListener('click', () => {
          const hidden = document.body.classList.toggle('no-code');
          button.textContent = hidden ? 'show code' : 'hide code';
          button.setAttribute('aria-pressed', hidden);
        }));
        document.querySelectorAll('.samples').forEach(list => {
          const samples = [...list.querySelectorAll(':scope > .sample')];
          if (samples.length < 4) return;
          const texts = new Map(samples.map(sample => [sample, sample.textContent.toLowerCase()]));
          const make = (tag, values) => Object.assign(document.createElement(tag), values);
          const tools = make('div', { className: 'tools' });
          const search = make('input', { type: 'search', placeholder: 'search prompts and replies' });
          search.setAttribute('aria-label', 'search samples');
          const order = make('select', {});
          order.setAttribute('aria-label', 'order of samples');
          [['index', 'as sampled'], ['best', 'best first'], ['worst', 'worst first']].forEach(([value, text]) => order.append(new Option(text, value)));
          const count = make('span', { className: 'count' });
          const more = make('button', { type: 'button', textContent: 'more' });
          let limit = page;
          const reward = sample => 'reward' in sample.dataset ? Number(sample.dataset.reward) : null;
          const show = () => {
            const wanted = search.value.toLowerCase();
            const sign = order.value === 'best' ? -1 : 1;
            const key = sample => order.value === 'index' ? Number(sample.dataset.index) : reward(sample) === null ? Infinity : sign * reward(sample);
            const found = samples.filter(sample => texts.get(sample).includes(wanted)).sort((a, b) => key(a) - key(b));
            samples.forEach(sample => { sample.hidden = true; });
            found.forEach((sample, index) => { sample.hidden = index >= limit; list.insertBefore(sample, more); });
            count.textContent = `${Math.min(limit, found.length)} of ${found.length}`;
            more.hidden = found.length <= limit;
          };
          search.addEventListener('input', () => { limit = page; show(); });
          order.addEventListener('change', show);
          more.addEventListener('click', () => { limit += page; show(); });
          if (samples.some(sample => reward(sample) !== null)) tools.append(search, order, count); else tools.append(search, count);
          list.insertBefore(tools, samples[0]);
          list.append(more);
          show();
        });

        """
}
