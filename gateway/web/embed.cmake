# cmake -D FOLDER=templates -D OUTPUT=templates.cpp -P embed.cmake: the files of FOLDER as string constants.
set(code "#include \"web/templates.hpp\"\n\nnamespace postern::web::templates {\n")
foreach(file IN ITEMS layout.html login.html consent.html refused.html fault.html account.html logout.html nav.html facts.html apps.html endpoints.html tokens.html style.css)
  file(READ "${FOLDER}/${file}" text)
  get_filename_component(name "${file}" NAME_WE)
  string(APPEND code "\nconst std::string_view ${name} = R\"~~~~(${text})~~~~\";\n")
endforeach()
string(APPEND code "\n}  // namespace postern::web::templates\n")
file(WRITE "${OUTPUT}" "${code}")
