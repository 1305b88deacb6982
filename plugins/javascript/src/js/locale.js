// Numbers and dates in words, in English only: there is no Intl, and other locales say so.
(function () {
  'use strict';
  const refuse = (what) => {
    throw new RangeError(`${what} is not there: this engine has no Intl; only en-US numbers, dates in UTC and comparison by code units`);
  };
  function check(locales) {
    for (const locale of [locales ?? []].flat()) if (!/^en($|-)/i.test(`${locale}`)) refuse(`The locale ${locale}`);
  }
  const group = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ',');
  const SIGNS = { USD: '$', EUR: '€', GBP: '£', JPY: '¥' };

  function number(value, locales, options = {}) {
    check(locales);
    const { style = 'decimal', currency, useGrouping = true, notation = 'standard', unit } = options;
    if (notation !== 'standard' || unit !== undefined || !['decimal', 'percent', 'currency'].includes(style)) refuse('This number format');
    if (Number.isNaN(value)) return 'NaN';
    const scaled = style === 'percent' ? value * 100 : value;
    const usual = style === 'currency' ? 2 : 0;
    const least = options.minimumFractionDigits ?? usual;
    const most = Math.max(least, options.maximumFractionDigits ?? (style === 'currency' ? 2 : style === 'percent' ? 0 : 3));
    let text;
    if (typeof scaled === 'bigint') text = `${scaled < 0n ? -scaled : scaled}`;
    else if (!Number.isFinite(scaled)) text = '∞';
    else if (options.maximumSignificantDigits !== undefined) text = `${Number(Math.abs(scaled).toPrecision(options.maximumSignificantDigits))}`;
    else {
      text = Math.abs(scaled) < 1e21 ? Math.abs(scaled).toFixed(most) : BigInt(Math.abs(scaled)).toString();
      if (text.includes('.')) {
        let [whole, fraction] = text.split('.');
        while (fraction.length > least && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
        text = fraction === '' ? whole : `${whole}.${fraction}`;
      }
    }
    const [whole, fraction] = text.split('.');
    const padded = whole.padStart(options.minimumIntegerDigits ?? 1, '0');
    text = (useGrouping ? group(padded) : padded) + (fraction === undefined ? '' : `.${fraction}`);
    if (style === 'currency') text = (SIGNS[currency] ?? `${currency}\u00a0`) + text;
    if (style === 'percent') text += '%';
    return scaled < 0 || Object.is(scaled, -0) ? `-${text}` : text;
  }

  const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
  const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
  function date(value, locales, options, parts) {
    check(locales);
    const given = options ?? {};
    if (given.timeZone !== undefined && !['UTC', 'GMT', 'Etc/UTC'].includes(given.timeZone)) refuse(`The time zone ${given.timeZone}`);
    if (Number.isNaN(value.getTime())) return 'Invalid Date';
    const shown = { ...given };
    const asks = (...names) => names.some((name) => given[name] !== undefined);
    if (given.dateStyle !== undefined || given.timeStyle !== undefined) {
      const long = { full: { weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' }, long: { month: 'long', day: 'numeric', year: 'numeric' }, medium: { month: 'short', day: 'numeric', year: 'numeric' }, short: { month: 'numeric', day: 'numeric', year: '2-digit' } };
      if (given.timeStyle === 'full' || given.timeStyle === 'long') refuse('This time format');
      Object.assign(shown, long[given.dateStyle], given.timeStyle && { hour: 'numeric', minute: '2-digit' }, given.timeStyle === 'medium' && { second: '2-digit' });
    } else if (!asks('weekday', 'year', 'month', 'day', 'hour', 'minute', 'second')) {
      if (parts !== 'time') Object.assign(shown, { year: 'numeric', month: 'numeric', day: 'numeric' });
      if (parts !== 'date') Object.assign(shown, { hour: 'numeric', minute: '2-digit', second: '2-digit' });
    } else if (parts === 'date' && !asks('weekday', 'year', 'month', 'day')) {
      Object.assign(shown, { year: 'numeric', month: 'numeric', day: 'numeric' });
    } else if (parts === 'time' && !asks('hour', 'minute', 'second')) {
      Object.assign(shown, { hour: 'numeric', minute: '2-digit', second: '2-digit' });
    }
    const digits = (n, form) => (form === '2-digit' ? `${n % 100}`.padStart(2, '0') : `${n}`);
    const dayText = shown.day && digits(value.getUTCDate(), shown.day);
    const yearText = shown.year && digits(value.getUTCFullYear(), shown.year);
    const weekday = shown.weekday && (shown.weekday === 'long' ? DAYS[value.getUTCDay()] : DAYS[value.getUTCDay()].slice(0, shown.weekday === 'short' ? 3 : 1));
    let text;
    if (shown.month === 'long' || shown.month === 'short') {
      const name = MONTHS[value.getUTCMonth()];
      const month = shown.month === 'long' ? name : name.slice(0, 3);
      const first = [month, dayText].filter(Boolean).join(' ');
      const both = yearText ? (dayText ? `${first}, ${yearText}` : `${first} ${yearText}`) : first;
      text = [weekday, both].filter(Boolean).join(', ');
    } else {
      const month = shown.month && digits(value.getUTCMonth() + 1, shown.month);
      text = [weekday, [month, dayText, yearText].filter(Boolean).join('/')].filter(Boolean).join(', ');
    }
    let clock = '';
    if (shown.hour || shown.minute || shown.second) {
      const is12 = shown.hour12 ?? (shown.hourCycle === undefined || shown.hourCycle.startsWith('h1'));
      const hours = value.getUTCHours();
      const hour = shown.hour && (is12 ? digits(hours % 12 || 12, shown.hour) : `${hours}`.padStart(2, '0'));
      const minute = shown.minute && `${value.getUTCMinutes()}`.padStart(shown.hour || shown.minute === '2-digit' ? 2 : 1, '0');
      const second = shown.second && `${value.getUTCSeconds()}`.padStart(shown.minute || shown.second === '2-digit' ? 2 : 1, '0');
      clock = [hour, minute, second].filter(Boolean).join(':') + (hour && is12 ? (hours < 12 ? ' AM' : ' PM') : '');
      if (shown.timeZoneName) clock += ' UTC';
    }
    const between = given.dateStyle === 'full' || given.dateStyle === 'long' ? ' at ' : ', ';
    return [text, clock].filter(Boolean).join(between);
  }

  function install() {
    const set = (prototype, name, f) => Object.defineProperty(prototype, name, { value: f, writable: true, configurable: true, enumerable: false });
    set(Number.prototype, 'toLocaleString', function toLocaleString(locales, options) { return number(Number(this), locales, options); });
    set(BigInt.prototype, 'toLocaleString', function toLocaleString(locales, options) { return number(BigInt(this), locales, options); });
    set(Date.prototype, 'toLocaleString', function toLocaleString(locales, options) { return date(this, locales, options, 'both'); });
    set(Date.prototype, 'toLocaleDateString', function toLocaleDateString(locales, options) { return date(this, locales, options, 'date'); });
    set(Date.prototype, 'toLocaleTimeString', function toLocaleTimeString(locales, options) { return date(this, locales, options, 'time'); });
    set(String.prototype, 'localeCompare', function localeCompare(other, locales, options = {}) {
      const one = `${this}`.normalize('NFC');
      const two = `${other}`.normalize('NFC');
      if (options.numeric) {
        const piece = /(\d+)|(\D+)/g;
        const [a, b] = [one.match(piece) ?? [], two.match(piece) ?? []];
        for (let i = 0; i < Math.min(a.length, b.length); i++) {
          const numbers = /^\d/.test(a[i]) && /^\d/.test(b[i]);
          const order = numbers ? Math.sign(Number(a[i]) - Number(b[i])) : compare(a[i], b[i], options);
          if (order !== 0) return order;
        }
        return Math.sign(a.length - b.length);
      }
      return compare(one, two, options);
    });
  }
  // Letters before case and accents, as people sort; small letters first among equals.
  const base = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  function compare(one, two, { sensitivity = 'variant' } = {}) {
    const letters = order(base(one), base(two));
    if (letters !== 0 || sensitivity === 'base') return letters;
    if (sensitivity === 'accent') return order(one.toLowerCase(), two.toLowerCase());
    const accents = order(one.normalize('NFD').toLowerCase(), two.normalize('NFD').toLowerCase());
    return accents || -order(one, two) || 0;
  }
  return { install };
});
