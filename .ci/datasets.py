"""Turns the data in packages into the JSON that tests/src/datasets.rs reads. Run by .ci/datasets."""

import json
import re
import sys
import tarfile
from collections import Counter, defaultdict
from pathlib import Path

# Shorter notes say too little to be found by.
MIN_DOCUMENT_CHARS = 200
# Tags with more documents name a field, not a question; five is what recall@5 can reach.
RELEVANT_DOCUMENTS = range(2, 6)

RUN = re.compile(r"^# aider chat started at (\d{4}-\d{2}-\d{2}) .*$", re.MULTILINE)
EDIT = re.compile(
    r"^(?P<path>[^\s`<>][^\n`<>]*)\n```[^\n]*\n<{5,9} SEARCH\n(?P<search>.*?)^={5,9}\n(?P<replace>.*?)^>{5,9} REPLACE\n```$",
    re.MULTILINE | re.DOTALL,
)


# Commands of Aider's that the model answers; what follows the others is output.
ANSWERED = ("/ask", "/code", "/help", "/architect")
# Aider's own accounts.
ACCOUNTS = re.compile(r"^(Tokens:|Cost:|Use /help|\^C |Aider v|Models?:|Git repo:|Repo-map:).*\n?", re.MULTILINE)


def text_of(package, path):
    with tarfile.open(package) as archive:
        member = next(name for name in archive.getnames() if name.endswith(path))
        return archive.extractfile(member).read().decode()


def blocks(run):
    """What the person said, what Aider printed and what the model answered, in order."""
    kind, lines = None, []
    for line in run.splitlines():
        if line.startswith("#### "):
            now, line = "user", line[5:].rstrip()
        elif line.startswith("> ") or line.rstrip() == ">":
            now, line = "printed", line[2:].rstrip()
        elif not line.strip() and kind != "assistant":
            # What the person says has its mark on empty lines too.
            now = None if kind == "user" else kind
        else:
            now = "assistant"
        if now != kind and lines:
            yield kind, "\n".join(lines).strip()
            lines = []
        kind = now
        lines.append(line)
    if lines:
        yield kind, "\n".join(lines).strip()


class Session:
    """The messages of a day. Edits of the model become calls of a tool, as other agents make them."""

    def __init__(self):
        self.messages = []
        self.calls = 0

    def add_run(self, run):
        has_begun = False
        for kind, text in blocks(run):
            if kind == "user" and text:
                has_begun = True
                self.user(text)
            elif has_begun and kind == "assistant" and text:
                self.printed(text) if self.is_output() else self.assistant(text)
            elif has_begun and kind == "printed":
                self.printed(ACCOUNTS.sub("", text).strip())

    def is_output(self):
        last = self.messages[-1]
        is_command = last["role"] == "user" and last["content"].startswith(("/", "!"))
        return is_command and not last["content"].startswith(ANSWERED)

    def user(self, text):
        self.messages.append({"role": "user", "content": text})

    def assistant(self, text):
        calls = []
        for edit in EDIT.finditer(text):
            self.calls += 1
            arguments = {name: edit[name] for name in ("path", "search", "replace")}
            calls.append({"id": f"call-{self.calls}", "name": "edit_file", "arguments": arguments})
        message = {"role": "assistant", "content": EDIT.sub("", text).strip() if calls else text}
        if calls:
            message["tool_calls"] = calls
        self.messages.append(message)
        for call in calls:
            self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": ""})

    def printed(self, text):
        """After edits it is their result; otherwise the output of what the person asked for."""
        last = self.messages[-1]
        if not text:
            return
        if last["role"] == "assistant":
            self.messages.append({"role": "user", "content": text})
        else:
            last["content"] = (last["content"] + "\n" + text).strip()


def sessions(package):
    runs = RUN.split(text_of(package, "tests/fixtures/chat-history.md"))
    days = defaultdict(Session)
    for day, run in zip(runs[1::2], runs[2::2]):
        days[day].add_run(run)
    for day, session in days.items():
        if session.messages:
            yield {"id": f"aider-{day}", "source": "aider-chat 0.86.2", "messages": session.messages}


def retrieval(package):
    documents = json.loads(text_of(package, "data/semanlink/docs.json"))
    tags = json.loads(text_of(package, "data/semanlink/tags.json"))
    docs, relevant = [], defaultdict(list)
    for document in documents:
        parts = [document["arxiv_summary"], document["comment"]]
        text = "\n\n".join(part.replace("\r\n", "\n").strip() for part in parts if part.strip())
        title = re.sub(r"^\[[\d.]+\]\s*", "", document["title"]).strip()
        if len(title) + len(text) < MIN_DOCUMENT_CHARS:
            continue
        docs.append({"id": document["document"], "title": title, "text": text})
        for tag in sorted(set(document["tag"])):
            relevant[tag].append(document["document"])
    queries, qrels = [], {}
    for tag, found in sorted(relevant.items()):
        label = tags.get(tag, {}).get("prefLabel")
        if label and len(found) in RELEVANT_DOCUMENTS:
            queries.append({"id": tag, "text": label[0]})
            qrels[tag] = {document: 1 for document in found}
    return {"name": "semanlink", "source": "cherche 2.2.1", "docs": docs, "queries": queries, "qrels": qrels}


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def main(packages, target):
    for session in sessions(packages / "aider_chat-0.86.2.tar.gz"):
        write(target / "sessions" / f"{session['id']}.json", session)
        roles = Counter(message["role"] for message in session["messages"])
        chars = sum(len(json.dumps(message, ensure_ascii=False)) for message in session["messages"])
        print(f"{session['id']}: {dict(roles)}, {chars} characters")
    found = retrieval(packages / "cherche-2.2.1.tar.gz")
    write(target / "retrieval" / "semanlink.json", found)
    judged = sum(len(documents) for documents in found["qrels"].values())
    print(f"semanlink: {len(found['docs'])} documents, {len(found['queries'])} queries, {judged} judgements")


main(Path(sys.argv[1]), Path(sys.argv[2]))
