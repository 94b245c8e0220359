// Requests to the server of the page. Errors come back as rows with a message, and perhaps a line and a column.

export class Problems extends Error {
  constructor(rows) {
    super(rows.map((row) => row.message).join("\n"));
    this.rows = rows;
  }
}

async function answer(path, request) {
  const response = await reached(fetch(path, request));
  if (response.ok) return response;
  const rows = await response.json().then((body) => body.problems, () => null);
  throw new Problems(rows || [{ message: `the server answered ${response.status}` }]);
}

// What comes from the network; the browser says a lost connection in words of its own.
async function reached(coming) {
  try {
    return await coming;
  } catch (error) {
    if (error instanceof TypeError) throw new Problems([{ message: "The server does not answer; is `sim serve` still running?" }]);
    throw error;
  }
}

const send = (path, body, signal) => answer(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });

export const get = async (path) => (await answer(path)).json();
export const post = async (path, body) => (await send(path, body)).json();

// Calls `take` with each line of the answer, which is JSON, as it comes.
export async function stream(path, body, signal, take) {
  const reader = (await send(path, body, signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reached(reader.read());
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines.filter(Boolean)) {
      const step = JSON.parse(line);
      if (step.stage === "error") throw new Problems(step.problems);
      take(step);
    }
  }
}
