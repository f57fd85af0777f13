// Passkeys: the browser makes or uses a key; the server gives the question and checks the answer.
(() => {
  const usable = window.PublicKeyCredential?.parseRequestOptionsFromJSON;
  const ask = async (address, body) => {
    const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.ok) return answer;
    throw new Error((await answer.json()).message);
  };
  const make = async (place) => {
    const { options, ticket } = await (await ask(`${place}/options`)).json();
    const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
    // Sent as a form: the answer is a page, and may show recovery codes, which stand in no other.
    const form = Object.assign(document.createElement("form"), { method: "post", action: place, hidden: true });
    for (const [name, value] of Object.entries({ ticket, answer: JSON.stringify(credential.toJSON()) })) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(form);
    form.submit();
  };
  const use = async (place, then) => {
    const { options, ticket } = await (await ask(`${place}/options`)).json();
    const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    const body = new Blob([JSON.stringify({ ticket, answer: JSON.stringify(credential.toJSON()) })], { type: "application/json" });
    await ask(place, body);
    location.assign(then);
  };
  for (const box of usable ? document.querySelectorAll("[data-passkey]") : []) {
    const { passkey, then } = box.dataset;
    const problem = box.querySelector("[data-problem]");
    const button = box.querySelector("button");
    box.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      problem.hidden = true;
      try {
        await ("new" in box.dataset ? make(passkey) : use(passkey, then));
      } catch (error) {
        problem.textContent = error.name === "NotAllowedError" ? spoken("Nothing was done. Try again when you are ready.") : error.message;
        problem.hidden = false;
        document.querySelector("[data-passkey-failed]")?.removeAttribute("hidden");
      } finally {
        button.disabled = false;
      }
    });
  }
})();
