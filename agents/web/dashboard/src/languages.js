// The browser reads what it knows of languages when they are first asked for, which takes it some 20 ms: so that is a task
// of its own, before all others are loaded that want it.
new Intl.NumberFormat()
await new Promise((done) => setTimeout(done))
