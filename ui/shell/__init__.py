"""The window, its menus, panels and files."""
