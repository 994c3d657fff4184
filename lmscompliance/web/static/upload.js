// Shows how far an upload has come. Without this script the form is sent as any other.
'use strict';

(() => {
  const form = document.getElementById('proof-form');
  if (!form || !window.XMLHttpRequest) return;
  const state = document.getElementById('proof-state');
  const bar = document.getElementById('proof-progress');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    const request = new XMLHttpRequest();
    request.open('POST', form.action);
    request.upload.onprogress = (sent) => {
      if (sent.lengthComputable) bar.value = Math.floor((100 * sent.loaded) / sent.total);
    };
    request.onload = () => {
      // A good upload was redirected to the list; a refusal is a whole page that says why.
      if (request.status < 300) window.location.assign(request.responseURL);
      else {
        document.open();
        document.write(request.responseText);
        document.close();
      }
    };
    request.onerror = () => {
      // The connection is gone: the plain form says so in the browser's own words, and can be tried again.
      button.disabled = false;
      bar.hidden = true;
      state.textContent = '';
      form.submit();
    };
    button.disabled = true;
    bar.hidden = false;
    state.textContent = state.dataset.sending;
    request.send(new FormData(form));
  });
})();
