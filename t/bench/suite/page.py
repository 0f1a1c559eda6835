"""A page of doc/ that a program writes a part of: what stands between two marks
is the program's, the rest is for people."""


def put(path, begin, end, lines):
    with open(path) as f:
        text = f.read()
    if begin not in text or end not in text:
        raise SystemExit(f"{path}: has not both of {begin} {end}")
    text = (text[:text.index(begin) + len(begin)] + "\n" +
            "\n".join(lines) + text[text.index(end):])
    with open(path, "w") as f:
        f.write(text)
