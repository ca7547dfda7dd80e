"""HTML. Whatever comes from outside is escaped."""
from html import escape


def person_page(name: str, items: list[dict], heading: str) -> str:
    return _document(f"<h1>Hello {escape(name)}</h1><h2>{escape(heading)}</h2>{_list(items)}")


def item_page(title: str, topic: int) -> str:
    return _document(f"<h1>{escape(title)}</h1><p>Topic {topic}</p>")


def home_page(items: list[dict]) -> str:
    return _document(f"<h1>Popular now</h1>{_list(items)}")


def _list(items: list[dict]) -> str:
    rows = (f'<li data-item="{item["id"]}"><a href="/items/{item["id"]}">{escape(item["title"])}</a></li>' for item in items)
    return f"<ol>{''.join(rows)}</ol>"


def _document(body: str) -> str:
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title><body>{body}</body></html>"
