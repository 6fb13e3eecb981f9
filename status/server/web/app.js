'use strict';
// The server makes every word. The page hears what changed of it as HTML, puts that in
// its place, and says when it hears nothing. One tab of a browser listens for all of
// them: a browser opens six connections to the box, no more.
(() => {
  const root = document.documentElement, $ = id => document.getElementById(id);
  const lost = $('lost'), notice = $('notice'), address = '/live?lang=' + root.lang;
  const now = () => performance.now();
  const SILENT = 4000; // ms without a word: contact is lost; the box speaks every 1.5 s
  const RETRY = 1000; // ms between two attempts
  const me = Math.random(); // of two that listen, the smaller goes on
  const tabs = window.BroadcastChannel && new BroadcastChannel(['infobus', root.lang, document.body.dataset.who].join(' '));
  let heard = now(), at = '', tried = -RETRY, full = -1e9, hidden = 0, stream = null;
  const whole = {}, shown = {}; // the parts as the box told them, and those in their places

  // Puts HTML in an element's place, and leaves the focus and what is open as it was.
  function put(into, html) {
    const was = document.activeElement, all = () => [...into.querySelectorAll('a,button,input,summary')];
    const place = into.contains(was) ? all().indexOf(was) : -1;
    const open = [...into.querySelectorAll('details')].map(d => d.open);
    into.innerHTML = html;
    into.querySelectorAll('details').forEach((d, i) => { if (open[i]) d.open = true; });
    if (place >= 0) all()[place]?.focus({ preventScroll: true });
  }
  // What somebody is filling in is left alone until it is sent.
  const filled = el => [...el.querySelectorAll('input:not([type=hidden])')].some(i => i.value !== i.defaultValue || i.checked !== i.defaultChecked || i === document.activeElement);

  // What came with the page is not put there again: a screen reader would say it twice.
  const same = (el, html) => { const t = el.cloneNode(); t.innerHTML = html; return t.innerHTML === el.innerHTML; };

  function take(told) {
    heard = now();
    at = told.at;
    Object.assign(whole, told.parts);
    for (const id in whole) {
      const el = $(id), html = whole[id];
      if (!el || shown[id] === html || filled(el)) continue;
      if (shown[id] !== undefined || !same(el, html)) put(el, html);
      shown[id] = html;
    }
    if (told.assets !== document.body.dataset.assets && !filled(document.body)) location.reload();
    show();
  }
  function show() {
    const silent = now() - heard;
    document.body.classList.toggle('lost', silent > SILENT);
    if (silent > SILENT && lost.hidden) lost.textContent = at ? lost.dataset.says.replace('{time}', at) : lost.dataset.noClock;
    lost.hidden = silent <= SILENT;
  }

  function close() {
    stream?.close();
    stream = null;
  }
  function listen() {
    close();
    tried = now();
    stream = new EventSource(address);
    stream.onmessage = e => {
      const told = JSON.parse(e.data);
      tabs?.postMessage({ from: me, told });
      take(told);
    };
    stream.onerror = () => { if (stream?.readyState === EventSource.CLOSED) { close(); full = now(); ask(); } };
  }
  // Where there is no place for a stream: all at once, now and then.
  async function ask() {
    tried = now();
    try {
      const answer = await fetch(address + '&once', { signal: AbortSignal.timeout(SILENT) });
      if (!answer.ok) return;
      const told = await answer.json();
      tabs?.postMessage({ from: me, told });
      take(told);
    } catch { /* show says it */ }
  }
  // Timers of a hidden tab are late, or stand still: all is counted from the clock, and
  // a hidden tab leaves it to others to try again.
  function look() {
    show();
    const silent = now() - heard;
    if (document.hidden) {
      if (stream && now() - hidden > 60000) leave();
      return;
    }
    if (now() - tried < RETRY || silent < (stream ? SILENT : 2200 + 500 * me)) return;
    if (now() - full < 10000) ask(); else listen();
  }
  function leave() {
    if (!stream) return;
    close();
    tabs?.postMessage({ gone: true });
  }
  if (tabs) tabs.onmessage = ({ data }) => {
    if (data.gone) { heard = Math.min(heard, now() - 2200 - 300 * me); look(); return; }
    if (data.hello) { if (stream && heard > tried) tabs.postMessage({ from: me, told: { at, assets: document.body.dataset.assets, parts: whole } }); return; }
    if (stream && data.from < me) close();
    take(data.told);
  };
  document.addEventListener('visibilitychange', () => { hidden = now(); if (!document.hidden) begin(); });
  addEventListener('pagehide', leave);
  addEventListener('pageshow', e => { if (e.persisted) begin(); });
  addEventListener('online', look);

  // Another tab may be listening already.
  function begin() {
    if (stream && now() - heard < SILENT) return;
    const asked = now();
    tabs?.postMessage({ hello: true });
    setTimeout(() => { if (heard < asked && !document.hidden) listen(); }, tabs ? 100 : 0);
  }

  // What a volunteer asks for, without leaving the page: the server answers with the page
  // that tells what became of it.
  addEventListener('submit', async e => {
    const form = e.target;
    e.preventDefault();
    const { epoch_ms, zone_min } = form.elements;
    if (epoch_ms) { // what the clock is set by; what is typed goes before it
      epoch_ms.value = Date.now();
      zone_min.value = -new Date().getTimezoneOffset();
    }
    try {
      const answer = await fetch(form.action + '?lang=' + root.lang, { method: 'POST', body: new URLSearchParams(new FormData(form)),
        headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(15000) });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html'), said = page.getElementById('notice');
      if (new URL(answer.url).pathname !== location.pathname || !said || page.body.dataset.who !== document.body.dataset.who) {
        location.assign(answer.url);
        return;
      }
      notice.innerHTML = said.innerHTML;
      if (said.querySelector('[data-taken]')) form.reset();
      for (const i of form.querySelectorAll('[type=password]')) i.value = '';
    } catch { notice.textContent = notice.dataset.silent; }
    notice.scrollIntoView({ block: 'nearest' });
  });
  setInterval(look, 250);
  begin();
})();
