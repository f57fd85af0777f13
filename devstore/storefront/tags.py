"""`{% paginate collection.products by 12 %}`: opens one page of a long list while its block is rendered."""

from math import ceil
from typing import Any, TextIO
from urllib.parse import urlencode

from liquid import BlockNode, Node, RenderContext, Tag, TokenStream
from liquid.builtin.expressions import Path, parse_primitive
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.token import TOKEN_EOF, TOKEN_TAG, TOKEN_WORD, Token

from devstore.storefront.drops import Drop, Listing

_END = frozenset({"endpaginate", TOKEN_EOF})
_MOST = 250


class PaginateNode(Node):
    def __init__(self, token: Token, subject: Expression, size: Expression, block: BlockNode) -> None:
        super().__init__(token)
        self.subject, self.size, self.block = subject, size, block
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        listing = self.subject.evaluate(context)
        size = max(1, min(_MOST, int(str(self.size.evaluate(context)))))
        if not isinstance(listing, Listing):
            with context.extend({"paginate": Drop(pages=0, items=0, current_page=1, page_size=size, parts=[])}):
                return self.block.render(context, buffer)
        request = context.resolve("request")
        pages = max(1, ceil(listing.total / size))
        # Beyond the last page there is nothing, and all lists of a page follow the same number.
        current = max(1, request["page"])
        before = listing.offset, listing.limit
        listing.offset, listing.limit = (current - 1) * size, size
        try:
            with context.extend({"paginate": _paginate(request, listing.total, size, current, pages)}):
                return self.block.render(context, buffer)
        finally:
            listing.offset, listing.limit = before


def _paginate(request: Any, items: int, size: int, current: int, pages: int) -> Drop:
    def link(page: int) -> Drop | None:
        if not 1 <= page <= pages:
            return None
        query = urlencode([*((name, value) for name, value in request["query"] if name != "page"), ("page", page)])
        return Drop(title=str(page), url=f"{request['path']}?{query}", is_link=page != current)

    return Drop(
        current_page=current,
        current_offset=(current - 1) * size,
        page_size=size,
        pages=pages,
        items=items,
        previous=link(current - 1),
        next=link(current + 1),
        parts=[link(page) for page in range(1, pages + 1)],
        page_param="page",
    )


class PaginateTag(Tag):
    name = "paginate"
    end = "endpaginate"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        inner = stream.into_inner(tag=token)
        subject = Path.parse(self.env, inner)
        if inner.current.kind == TOKEN_WORD and inner.current.value == "by":
            next(inner)
        size = parse_primitive(self.env, inner)
        block = get_parser(self.env).parse_block(stream, _END)
        stream.expect(TOKEN_TAG, value="endpaginate")
        return PaginateNode(token, subject, size, block)
