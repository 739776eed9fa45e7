"""views: how the shop's models look in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.admin import ConsoleModelView
from console.shop import Post, Product, User

if TYPE_CHECKING:
    from console.mount import Console


class ProductView(ConsoleModelView):
    """Products, the newest first."""

    column_list = ("name", "sku", "price", "is_active", "created_at")
    column_searchable_list = ("name", "sku")
    column_default_sort = ("created_at", True)
    form_columns = ("name", "sku", "price", "is_active")
    column_descriptions = {
        "sku": "How the warehouse calls it; no two products share one.",
        "price": "With at most two decimal places, such as 12.50. Empty: not for sale yet.",
        "is_active": "Whether customers see it.",
    }


class UserView(ConsoleModelView):
    """Users with their posts."""

    column_list = ("name", "email", "posts", "created_at")
    column_searchable_list = ("name", "email")
    column_default_sort = "name"
    form_columns = ("name", "email")
    inline_models = (("posts", {"form_columns": ("title", "body")}),)


class PostView(ConsoleModelView):
    """Posts, each with its author."""

    column_list = ("title", "author", "created_at")
    column_searchable_list = ("title", "body", "author.name")
    column_default_sort = ("created_at", True)
    form_columns = ("title", "author", "body")
    form_ajax_refs = {"author": {"fields": ("name", "email")}}
    column_descriptions = {"author": "Search by name or e-mail address."}


def register(console: Console) -> None:
    """Show the shop in the console."""
    console.add_model(Product, ProductView, menu_icon_value="box-seam")
    console.add_model(User, UserView, menu_icon_value="people")
    console.add_model(Post, PostView, menu_icon_value="file-earmark-text")
