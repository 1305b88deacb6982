// Pieces of text side by side or below each other, as node lays them out.
(function (realm, host) {
  'use strict';
  const { LINE } = host.load('primitive')();

  function isBelowLine(output, start, base) {
    let total = output.length + start;
    if (total + output.length > LINE) return false;
    for (const piece of output) {
      total += piece.length;
      if (total > LINE) return false;
    }
    return base === '' || !base.includes('\n');
  }

  // Node's own way of putting the elements of an array into columns.
  function columns(ctx, output, value, hasMore) {
    const length = output.length - (hasMore ? 1 : 0);
    const widths = [];
    let total = 0;
    let widest = 0;
    for (let i = 0; i < length; i++) {
      widths.push(output[i].length);
      total += output[i].length + 2;
      widest = Math.max(widest, output[i].length);
    }
    const width = widest + 2;
    if (!(width * 3 + ctx.indentation < LINE && (total / width > 5 || widest <= 6))) return output;
    const bias = Math.sqrt(width - total / output.length);
    const biased = Math.max(width - 3 - bias, 1);
    const count = Math.min(
      Math.round(Math.sqrt(2.5 * biased * length) / biased),
      Math.floor((LINE - ctx.indentation) / width),
      12,
      15,
    );
    if (count <= 1) return output;
    const lines = [];
    const lengths = [];
    for (let i = 0; i < count; i++) {
      let longest = 0;
      for (let j = i; j < length; j += count) longest = Math.max(longest, widths[j]);
      lengths.push(longest + 2);
    }
    const isNumber = (item) => typeof item === 'number' || typeof item === 'bigint';
    let right = value !== undefined;
    for (let i = 0; right && i < output.length; i++) right = isNumber(value[i]);
    for (let i = 0; i < length; i += count) {
      const end = Math.min(i + count, length);
      let line = '';
      let j = i;
      for (; j < end - 1; j++) {
        const cell = `${output[j]}, `;
        line += right ? cell.padStart(lengths[j - i]) : cell.padEnd(lengths[j - i]);
      }
      line += right ? output[j].padStart(lengths[j - i] - 2) : output[j];
      lines.push(line);
    }
    if (hasMore) lines.push(output[length]);
    return lines;
  }

  function join(ctx, output, base, braces, isArray, level, value, hasMore) {
    const entries = output.length;
    if (isArray && entries > 6 && ctx.compact) output = columns(ctx, output, value, hasMore);
    if (ctx.compact && ctx.depthNow - level < 3 && entries === output.length) {
      const start = output.length + ctx.indentation + braces[0].length + base.length + 10;
      if (isBelowLine(output, start, base)) {
        const joined = output.join(', ');
        if (!joined.includes('\n')) {
          return `${base ? `${base} ` : ''}${braces[0]} ${joined} ${braces[1]}`;
        }
      }
    }
    const indentation = `\n${' '.repeat(ctx.indentation)}`;
    return `${base ? `${base} ` : ''}${braces[0]}${indentation}  ${output.join(`,${indentation}  `)}${indentation}${braces[1]}`;
  }

  return { join };
});
