// Requests to the server of the page. Errors come back as rows with a message, and perhaps a line and a column.

export class Problems extends Error {
  constructor(rows) {
    super(rows.map((row) => row.message).join("\n"));
    this.rows = rows;
  }
}

async function answer(response) {
  if (response.ok) return response;
  const rows = await response.json().then((body) => body.problems, () => null);
  throw new Problems(rows || [{ message: `the server answered ${response.status}` }]);
}

async function send(path, body, signal) {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal };
  try {
    return await answer(await fetch(path, request));
  } catch (error) {
    if (error instanceof TypeError) throw new Problems([{ message: "The server does not answer; is `sim serve` still running?" }]);
    throw error;
  }
}

export const get = async (path) => (await answer(await fetch(path))).json();
export const post = async (path, body, signal) => (await send(path, body, signal)).json();

// Calls `take` with each line of the answer, which is JSON, as it comes.
export async function stream(path, body, signal, take) {
  const reader = (await send(path, body, signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) take(JSON.parse(line));
  }
}
