# scdoc's output without the paragraph macros that begin nothing: behind a heading, and before one or before another
# paragraph. One at the end of an indented text is moved behind it, where it does what was meant.
function flush() {
  if (held != "")
    print held
  held = ""
}
/^\.PP?$/ {
  if (!heading)
    held = $0
  next
}
/^\.RE$/ {
  print
  next
}
{
  if (/^\.S[HS]/)
    held = ""
  flush()
  print
  heading = /^\.S[HS]/
}
