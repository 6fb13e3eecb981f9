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
  const STILL = 500; // ms: sooner after a button came to its place a tap was meant for what stood there
  const FINGER = 2000; // ms for which the page keeps still under a finger, at most
  const me = Math.random(); // of two that listen, the smaller goes on
  const tabs = window.BroadcastChannel && new BroadcastChannel(['infobus', root.lang, document.body.dataset.who].join(' '));
  let heard = now(), at = '', tried = -RETRY, full = -1e9, hidden = 0, stream = null;
  let still = 0; // until when the page keeps still
  const whole = {}, shown = {}; // the parts as the box told them, and those in their places
  const sending = new Set(); // what is asked for, and not answered

  // Changes the page, and notes since when each button is where it is.
  function move(change) {
    const name = b => [b.closest('[id]')?.id, b.form?.action, ...[...b.form?.elements ?? []].map(i => i.type === 'hidden' ? i.value : ''), b.textContent].join();
    const all = () => [...document.querySelectorAll('button')];
    const was = new Map(all().map(b => [name(b), { at: b.getBoundingClientRect(), since: b.since }]));
    change();
    for (const b of all()) {
      const { at, since } = was.get(name(b)) ?? {}, { top, left } = b.getBoundingClientRect();
      b.since = at && Math.abs(at.top - top) < 8 && Math.abs(at.left - left) < 8 ? since : now();
    }
  }

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
    lay();
    if (told.assets !== document.body.dataset.assets && !filled(document.body)) location.reload();
    show();
  }
  // Puts the parts in their places, unless a finger is about to tap one of them.
  function lay() {
    const due = Object.keys(whole).filter(id => $(id) && shown[id] !== whole[id] && !filled($(id)));
    if (due.length && now() >= still) move(() => {
      for (const id of due) {
        const el = $(id), html = whole[id];
        if (shown[id] !== undefined || !same(el, html)) put(el, html);
        shown[id] = html;
      }
    });
  }
  function show() {
    const silent = now() - heard > SILENT;
    document.body.classList.toggle('lost', silent);
    if (silent !== lost.hidden || now() < still) return;
    if (silent) lost.textContent = at ? lost.dataset.says.replace('{time}', at) : lost.dataset.noClock;
    move(() => { lost.hidden = !silent; });
  }
  addEventListener('pointerdown', () => { still = now() + FINGER; });
  addEventListener('pointerup', () => { still = Math.min(still, now() + 300); }); // the click comes after it
  addEventListener('pointercancel', () => { still = 0; }); // it scrolls
  addEventListener('click', e => {
    setTimeout(() => { still = 0; lay(); });
    if (e.detail && now() - (e.target.closest('button')?.since ?? -STILL) < STILL) e.preventDefault();
  }, true);

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
    lay();
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
    const body = new URLSearchParams(new FormData(form)), what = form.action + '?' + body;
    if (sending.has(what)) return; // tapped twice
    sending.add(what);
    let says = () => { notice.textContent = notice.dataset.silent; };
    try {
      const answer = await fetch(form.action + '?lang=' + root.lang, { method: 'POST', body,
        headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(15000) });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html'), said = page.getElementById('notice');
      if (new URL(answer.url).pathname !== location.pathname || !said || page.body.dataset.who !== document.body.dataset.who) {
        location.assign(answer.url);
        return;
      }
      says = () => { notice.innerHTML = said.innerHTML; };
      if (said.querySelector('[data-taken]')) form.reset();
      for (const i of form.querySelectorAll('[type=password]')) i.value = '';
    } catch { /* the box does not answer */ } finally { sending.delete(what); }
    while (now() < still) await new Promise(done => setTimeout(done, 50));
    move(() => { says(); notice.scrollIntoView({ block: 'nearest' }); });
  });
  setInterval(look, 250);
  begin();
})();
