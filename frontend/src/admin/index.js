// Modules of the data pages.
