/** Before the first paint: the theme that the reader chose, so that no other one flashes up. */
try {
  const choice = JSON.parse(localStorage.getItem("hepscope.theme") ?? "null");
  if (choice === "light" || choice === "dark") document.documentElement.dataset["theme"] = choice;
} catch {
  // A storage that is forbidden: as the system.
}
