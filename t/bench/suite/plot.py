"""The plots: a bar a system for each row of a part, as SVG."""

from html import escape

from .rows import with_unit

WIDTH, LABEL, NAME, VALUE = 860, 250, 190, 90
BAR, GAP, ROW_GAP, TOP = 13, 3, 14, 34
COLOURS = ("#1b6ca8", "#e08e45", "#c25b3f", "#7a9e54", "#8a6fa8")
STYLE = ("text{font-family:sans-serif;font-size:12px;fill:#222}"
         ".title{font-size:15px;font-weight:bold}.name{fill:#555}")


def bars(row, values, kinds, y):
    """(SVG of one row, how high it is)."""
    there = [(n, kind, values[kind]) for n, kind in enumerate(kinds)
             if values.get(kind) is not None]
    most = max((value for _, _, value in there), default=0)
    out = [f'<text x="8" y="{y + BAR - 2}">{escape(row.what)}'
           f'{"" if row.more else " (less is better)"}</text>']
    room = WIDTH - LABEL - NAME - VALUE
    for n, kind, value in there:
        width = max(room * value / most, 1) if most else 1
        x = LABEL + NAME
        out.append(f'<text class="name" x="{x - 6}" y="{y + BAR - 2}" '
                   f'text-anchor="end">{escape(kinds[kind])}</text>'
                   f'<rect x="{x}" y="{y}" width="{width:.1f}" '
                   f'height="{BAR}" fill="{COLOURS[n % len(COLOURS)]}"/>'
                   f'<text x="{x + width + 5:.1f}" y="{y + BAR - 2}">'
                   f'{escape(with_unit(row, value))}</text>')
        y += BAR + GAP
    return "\n".join(out), max(len(there), 1) * (BAR + GAP) + ROW_GAP


def draw(part, values):
    """The whole picture of a part; values: {key: {kind: number}}."""
    y, drawn = TOP, []
    for row in part.rows:
        if not values.get(row.key):
            continue
        text, height = bars(row, values[row.key], part.kinds, y)
        drawn.append(text)
        y += height
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{y}" viewBox="0 0 {WIDTH} {y}">\n'
            f'<style>{STYLE}</style>\n'
            f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>\n'
            f'<text class="title" x="8" y="20">{escape(part.title)}</text>\n'
            + "\n".join(drawn) + "\n</svg>\n")
