from web.page import item_page, person_page


def test_what_comes_from_outside_is_escaped():
    page = person_page("<b>Ada", [{"id": 7, "title": "Salt & <i>Snow"}], "For you")
    assert "<b>" not in page and "&lt;b&gt;Ada" in page
    assert "Salt &amp; &lt;i&gt;Snow" in page
    assert "<script" not in item_page("<script>", 1)


def test_items_can_be_told_by_number():
    page = person_page("Ada", [{"id": 7, "title": "A"}, {"id": 3, "title": "B"}], "For you")
    assert page.index('data-item="7"') < page.index('data-item="3"')
