'use strict';
// The server makes every word. After each change the page is fetched again and
// what became different is put in its place.
(() => {
  const lost = document.getElementById('lost');
  const inLanguage = '?lang=' + document.documentElement.lang; // as this page, whatever was chosen on another since
  let heard = new Date(), stream, fetching = false, again = false;

  function contact() {
    heard = new Date();
    lost.hidden = true;
    document.body.classList.remove('lost');
  }
  function noContact() {
    if (!lost.hidden) return;
    const two = n => String(n).padStart(2, '0');
    lost.textContent = lost.dataset.says.replace('{time}', `${two(heard.getHours())}:${two(heard.getMinutes())}`);
    lost.hidden = false;
    document.body.classList.add('lost');
  }
  async function ask(path) {
    const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(8000) });
    if (!answer.ok) throw new Error(answer.status);
    return answer.text();
  }
  async function update() {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const page = new DOMParser().parseFromString(await ask('/' + inLanguage), 'text/html');
      for (const old of document.querySelectorAll('main section')) {
        const now = page.getElementById(old.id);
        if (!now) continue;
        if (old.className !== now.className) old.className = now.className;
        if (old.innerHTML !== now.innerHTML) old.innerHTML = now.innerHTML;
      }
      contact();
    } catch { noContact(); }
    setTimeout(() => { fetching = false; if (again) { again = false; update(); } }, 250);
  }
  function connect() {
    stream?.close();
    stream = new EventSource('/api/v1/stream');
    stream.onmessage = update;
    stream.onerror = () => {
      if (stream.readyState === EventSource.CLOSED) { update(); setTimeout(connect, 10000); } // full: ask now and then
      else noContact();
    };
  }
  // A radio that went out of reach ends no connection: ask whether the box is there.
  async function check() {
    if (new Date() - heard < 15000 && lost.hidden) return;
    try {
      await ask('/healthz');
      if (!lost.hidden) { connect(); return; } // the state that comes says that all is current
      contact();
    } catch { noContact(); }
  }
  // What a volunteer asks for, without leaving the page.
  addEventListener('submit', async e => {
    const form = e.target, notice = document.getElementById('notice');
    e.preventDefault();
    if (form.dataset.ask && !confirm(form.dataset.ask)) return;
    notice.textContent = '';
    notice.hidden = false;
    const { epoch_ms, zone_min } = form.elements;
    if (epoch_ms) { // what the clock is set by; what is typed goes before it
      epoch_ms.value = Date.now();
      zone_min.value = -new Date().getTimezoneOffset();
    }
    try {
      const answer = await fetch(form.action + inLanguage, { method: 'POST', body: new URLSearchParams(new FormData(form)),
        headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(15000) });
      notice.textContent = answer.ok ? form.dataset.done || '' : (await answer.json()).error;
    } catch { notice.textContent = notice.dataset.silent; }
    notice.hidden = !notice.textContent;
    form.reset();
    update();
  });
  setInterval(check, 5000);
  addEventListener('online', check);
  addEventListener('offline', noContact);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) { update(); check(); } });
  connect();
})();
