// console.table: rows and columns as node draws them.
(function (kernel) {
  'use strict';
  const wide = /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
  const width = (text) => {
    let sum = 0;
    for (const character of text) sum += wide.test(character) ? 2 : 1;
    return sum;
  };
  const show = (value) => kernel.inspect(value, { depth: typeof value === 'object' && value !== null ? 0 : 1, maxArrayLength: 3 });

  function draw(head, rows) {
    const widths = head.map((name, i) => Math.max(width(name), ...rows.map((row) => width(row[i]))) + 2);
    const line = (left, middle, right) => left + widths.map((w) => '─'.repeat(w)).join(middle) + right;
    const row = (cells) => `│${cells.map((cell, i) => ` ${cell}${' '.repeat(widths[i] - width(cell) - 1)}`).join('│')}│`;
    return [line('┌', '┬', '┐'), row(head), line('├', '┼', '┤'), ...rows.map(row), line('└', '┴', '┘')].join('\n');
  }

  function table(data, only) {
    const isMap = kernel.is.map(data);
    const isSet = kernel.is.set(data);
    const index = isMap || isSet ? '(iteration index)' : '(index)';
    const entries = isMap ? Array.from(data, ([key, value], i) => [`${i}`, value, key])
      : isSet ? Array.from(data, (value, i) => [`${i}`, value])
      : Object.keys(data).map((key) => [key, data[key]]);
    const columns = [];
    let hasValues = false;
    for (const [, value] of entries) {
      if (value !== null && typeof value === 'object') {
        for (const key of only ?? Object.keys(value)) if (!columns.includes(key)) columns.push(key);
      } else {
        hasValues = true;
      }
    }
    const head = [index, ...(isMap ? ['Key'] : []), ...columns, ...(hasValues ? ['Values'] : [])];
    const rows = entries.map(([name, value, key]) => {
      const isObject = value !== null && typeof value === 'object';
      const cells = columns.map((column) => (isObject && Object.hasOwn(value, column) ? show(value[column]) : ''));
      return [name, ...(isMap ? [show(key)] : []), ...cells, ...(hasValues ? [isObject ? '' : show(value)] : [])];
    });
    return draw(head, rows);
  }
  return { table };
});
