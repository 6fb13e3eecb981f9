// Hours are true until the end of their day. What was kept longer, or opened on a phone
// whose date is before that of the file, says "ask" in their place.
(function () {
	var main = document.getElementsByTagName('main')[0], ask = main.getAttribute('data-ask');
	var from = +main.getAttribute('data-from'), until = +main.getAttribute('data-until');

	function look() {
		var d = new Date(), today = d.getFullYear() * 10000 + (d.getMonth() + 1) * 100 + d.getDate();
		var all = main.querySelectorAll('.hours'), i, last;
		for (i = all.length - 1; i >= 0; i--) {
			last = +all[i].getAttribute('data-until') || until;
			if (today < from || today > until || today > last) {
				all[i].className = 'state';
				all[i].textContent = ask;
			}
		}
		if (today < from || today > until) {
			document.body.className = 'over';
		}
	}

	look();
	setInterval(look, 60000);
})();
